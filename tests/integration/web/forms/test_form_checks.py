"""`StarModel-Check` validates a form while it is edited, without side effects."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import pytest
from pydantic import SecretStr, model_validator

from integration.web.browser import JSON, ORIGIN, unlisted
from integration.web.entities import OWNERS_WRITE
from starmodel import Entity, EntityConfig, Field, event

CHECK = JSON | {"origin": ORIGIN, "starmodel-check": "1"}
ran: list[str] = []


@unlisted
class Booking(Entity):
    model_config = EntityConfig(access={"read": "public", "write": "signed_in"}, scope="record")
    name: str = Field(min_length=1, max_length=8)
    first: int = Field(default=1, ge=0)
    last: int = 2
    cost: float = Field(default=1.0, private=True)

    @model_validator(mode="after")
    def in_order(self) -> Booking:
        if self.last < self.first:
            raise ValueError("The end is before the beginning")
        return self

    @event
    def pay(self, amount: Annotated[int, Field(ge=1)], code: SecretStr | None = None) -> None:
        ran.append("pay")
        self.first = amount

    @event
    async def wait(self, seconds: int) -> None:
        ran.append("wait")

    @event
    async def work(self, times: int) -> Any:
        ran.append("work")
        yield "never"


@pytest.fixture
async def ann(visit: Any) -> Any:
    ran.clear()
    browser = visit(Booking)
    await browser.page("/sign-in/ann")
    return browser


async def checked(browser: Any, path: str, data: dict[str, Any]) -> Any:
    response = await browser.post(path, data=data, headers=CHECK)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()["errors"]


async def made(browser: Any) -> str:
    response = await browser.call("POST", "/bookings", {"name": "Ann"})
    return str(response.headers["location"])


async def test_check_of_create_reports_each_input_and_stores_nothing(ann: Any) -> None:
    wrong = await checked(ann, "/bookings", {"name": "much too long", "first": "-1"})
    right = await checked(ann, "/bookings", {"name": "Ann", "first": "1"})

    assert right == {}
    assert (await ann.call("GET", "/bookings")).json()["items"] == []
    sent = await ann.submit("/bookings", {"name": "much too long", "first": "-1"})
    assert set(wrong) == {"name", "first"}
    for text in wrong.values():  # validation while typing gives the errors of the submit
        assert f">{text}</small>" in sent.text


async def test_check_of_update_includes_stored_values(ann: Any) -> None:
    url = await made(ann)
    await ann.call("PATCH", url, {"first": 5, "last": 6})

    assert await checked(ann, f"{url}/update", {"last": "7"}) == {}
    wrong = await checked(ann, f"{url}/update", {"last": "4"})

    assert list(wrong.values()) == ["The end is before the beginning"]
    assert (await ann.call("GET", url)).json()["last"] == 6


@pytest.mark.parametrize(
    ("event", "data", "wrong"),
    [
        ("pay", {"amount": "1"}, {}),
        ("pay", {"amount": "0"}, {"amount": "Must be at least 1."}),
        ("pay", {"amount": "much"}, {"amount": "Enter a whole number."}),
        ("pay", {}, {"amount": "Please fill this in."}),
        ("wait", {"seconds": "x"}, {"seconds": "Enter a whole number."}),
        ("wait", {"seconds": "1"}, {}),
        ("work", {"times": "x"}, {"times": "Enter a whole number."}),
        ("work", {"times": "1"}, {}),
        ("delete", {}, {}),
    ],
)
async def test_check_runs_no_event(
    ann: Any, event: str, data: dict[str, str], wrong: dict[str, str]
) -> None:
    url = await made(ann)

    assert await checked(ann, f"{url}/{event}", data) == wrong
    assert ran == []
    assert (await ann.call("GET", url)).status_code == 200


async def test_check_requires_access_first(ann: Any, visit: Any) -> None:
    url = await made(ann)
    bob = visit(ann.app)

    for path in ("/bookings", f"{url}/update", f"{url}/pay"):
        response = await bob.post(path, data={"name": "x" * 99, "amount": "x"}, headers=CHECK)
        assert response.status_code == 401
        assert "errors" not in response.json()


async def test_check_evaluates_the_rule_for_the_record(visit: Any) -> None:
    class Note(Entity):
        model_config = EntityConfig(access=OWNERS_WRITE)
        owner: str
        text: str = Field(default="", max_length=3)

    browser = visit(Note)
    await browser.page("/sign-in/bob")
    url = (await browser.call("POST", "/notes", {"owner": "bob"})).headers["location"]
    await browser.page("/sign-in/ann")

    response = await browser.post(f"{url}/update", data={"text": "ab"}, headers=CHECK)

    assert response.status_code == 403


async def test_check_cannot_set_a_private_field(ann: Any) -> None:
    wrong = await checked(ann, "/bookings", {"name": "Ann", "cost": "9"})

    assert set(wrong) == {"cost"}


async def test_check_of_a_secret_is_not_logged_or_echoed(
    ann: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url = await made(ann)
    with caplog.at_level(logging.DEBUG):
        response = await ann.post(
            f"{url}/pay", data={"amount": "0", "code": "s3cr3t"}, headers=CHECK
        )

    assert "s3cr3t" not in response.text
    assert "s3cr3t" not in caplog.text


async def test_check_of_an_unknown_record_is_404(ann: Any) -> None:
    response = await ann.post("/bookings/none/update", data={"name": "x"}, headers=CHECK)

    assert response.status_code in (404, 410)


async def test_cross_site_check_is_rejected(ann: Any) -> None:
    response = await ann.post(
        "/bookings", data={"name": "x"}, headers=CHECK | {"origin": "https://evil.example"}
    )

    assert response.status_code == 403
