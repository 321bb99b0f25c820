"""An unavailable store is a 503 that names whether the change was stored."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import toasts, unlisted
from starmodel import Entity
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.core.errors import (
    StoreBusyError,
    StoreError,
    StoreFailedError,
    StorePermissionError,
    StoreUnavailableError,
)


@unlisted
class Parcel(Entity):
    model_config = {"store": "shaky", "scope": "record", "access": "public"}
    name: str = ""


class Shaky(MemoryRepository):
    """Fails with this error, when there is one."""

    error: StoreError | None = None

    async def commit(self, *args: Any) -> None:
        if self.error is not None:
            raise self.error
        await super().commit(*args)

    async def list(self, query: Any) -> Any:
        if self.error is not None:
            raise self.error
        return await super().list(query)


@pytest.mark.parametrize(
    ("doubtful", "message"), [(False, "nothing was changed"), (True, "may or may not be done")]
)
async def test_api_client_and_page_get_503_without_the_store_url(
    serve: Any, visit: Any, doubtful: bool, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = Shaky()
    browser = visit(serve(Parcel, stores={"shaky": store}))
    store.error = StoreUnavailableError("PostgreSQL at db.internal is down", doubtful=doubtful)

    made = await browser.call("POST", "/parcels", {"name": "Box"})
    page = await browser.page("/parcels")
    click = await browser.click("/parcels", {"name": "Box"})

    assert made.status_code == page.status_code == 503
    assert click.headers["starmodel-status"] == "503"
    assert message in made.json()["detail"]
    assert message in toasts(click.text)[0][1]
    assert "db.internal" not in made.text + page.text + click.text
    assert "db.internal is down" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [
        (StoreBusyError, 503, "busy right now"),
        (StorePermissionError, 403, "can't be done here"),
        (StoreFailedError, 500, "Something went wrong on our side"),
    ],
)
async def test_each_store_error_has_its_status_and_message(
    serve: Any,
    visit: Any,
    kind: type[StoreError],
    status: int,
    message: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Shaky()
    browser = visit(serve(Parcel, stores={"shaky": store}))
    store.error = kind("PostgreSQL at db.internal refused")

    made = await browser.call("POST", "/parcels", {"name": "Box"})
    page = await browser.page("/parcels")
    click = await browser.click("/parcels", {"name": "Box"})

    assert made.status_code == page.status_code == status
    assert click.headers["starmodel-status"] == str(status)
    assert message in made.json()["detail"]
    assert message in toasts(click.text)[0][1]
    wanted = "1" if kind is StoreBusyError else None
    assert {each.headers.get("retry-after") for each in (made, page, click)} == {wanted}
    assert ("again in a moment" in made.text) is (kind is StoreBusyError)
    assert "db.internal" not in made.text + page.text + click.text
    assert "db.internal refused" in caplog.text
