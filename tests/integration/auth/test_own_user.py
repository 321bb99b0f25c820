"""A subclass of `User` with access rules of its own."""

from __future__ import annotations

from typing import Any

import pytest

from integration.auth.people import ANN, BOB, create, plugin, run, signed_in
from integration.web.browser import unlisted
from starmodel import EntityConfig
from starmodel.auth import Auth, User


@unlisted
class Colleague(User):
    """Whom every colleague may see."""

    model_config = EntityConfig(store="memory", access={"read": "signed_in"})
    desk: str = ""


@unlisted
class Mate(User):
    """Whom every mate may see, by one rule for everything."""

    model_config = EntityConfig(store="memory", access="signed_in")
    desk: str = ""


@pytest.mark.parametrize("cls", [Colleague, Mate])
async def test_users_who_see_each_other_do_not_change_each_other(process: Any, cls: Any) -> None:
    app = process(cls, auth=Auth(user=cls))
    ann = await create(app, ANN, "admin")
    await create(app, BOB)
    bob, path = await signed_in(app, BOB), f"/{cls.__name__.lower()}s"

    seen = await bob.call("GET", f"{path}/{ann.id}")
    changed = await bob.call("PATCH", f"{path}/{ann.id}", {"email": "eve@example.org"})
    made = await bob.call("POST", path, {"email": "eve@example.org"})

    assert (seen.status_code, changed.status_code, made.status_code) == (200, 403, 403)
    assert "argon2" not in seen.text
    assert (await plugin(app).accounts.users.get(ann.id)).email == ANN
    hers = await signed_in(app)
    for data in ({"desk": "7"}, {"name": "Ann"}):
        assert (await hers.call("PATCH", f"{path}/{ann.id}", data)).status_code == 200
    made = await hers.call("POST", path, {"email": "eve@example.org", "desk": "8"})
    assert (made.status_code, made.json()["entity"]["desk"]) == (201, "8")


async def test_new_address_is_not_verified(process: Any, database: str) -> None:
    app = process(database_url=database)
    ann = await create(app, ANN, "admin")
    await run(app, ann.do.verify())
    hers, path = await signed_in(app), f"/auth/users/{ann.id}"

    for address, verified in (("ANN@example.org", True), ("ann@example.com", False)):
        changed = await hers.call("PATCH", path, {"email": address, "name": "Ann"})
        assert changed.json()["entity"]["verified"] is verified
