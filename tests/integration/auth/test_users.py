"""The entity `User`: who may see and change whom, the last admin, subclasses, and secrets."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from integration.auth.people import (
    ANN,
    BOB,
    OTHER,
    PASSWORD,
    Desk,
    create,
    plugin,
    run,
    sign_in,
    signed_in,
    status,
)
from integration.web.browser import Browser, unlisted
from starmodel import BindingError, ConstraintError, Entity, EntityConfig, event
from starmodel.auth import Auth, User
from starmodel.core.errors import ConfigurationError


@unlisted
class Member(User):
    """A user of the shop."""

    model_config = EntityConfig(store="sql")
    points: int = 0

    @event(access="role:admin")
    def reward(self, points: int) -> None:
        self.points += points


async def test_users_see_themselves_and_admins_see_all(process: Any) -> None:
    app = process(Desk)
    ann, bob = await create(app, ANN, "admin"), await create(app, BOB)
    hers, his = await signed_in(app), await signed_in(app, BOB)

    assert len((await hers.call("GET", "/auth/users")).json()["items"]) == 2
    assert [u["id"] for u in (await his.call("GET", "/auth/users")).json()["items"]] == [bob.id]
    assert (await his.call("GET", f"/auth/users/{bob.id}")).status_code == 200
    assert (await his.call("GET", f"/auth/users/{ann.id}")).status_code == 404
    assert (await Browser(app).call("GET", f"/auth/users/{ann.id}")).status_code == 401


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("disable", {}), ("grant", {"role": "admin"}), ("revoke", {"role": "x"}), ("verify", {}),
        ("sign_in", {"password_hash": "", "new_hash": ""}),
        ("set_password", {"new_password": OTHER}),
        ("update", {"email": "carl@example.org"}), ("delete", {}),
    ],
)  # fmt: skip
async def test_users_can_not_change_what_admins_change(
    process: Any, name: str, body: dict[str, str]
) -> None:
    app = process(Desk)
    await create(app, ANN, "admin")
    bob = await create(app, BOB)
    his = await signed_in(app, BOB)
    method, path = {"update": ("PATCH", ""), "delete": ("DELETE", "")}.get(
        name, ("POST", f"/{name}")
    )
    response = await his.call(method, f"/auth/users/{bob.id}{path}", body)
    assert response.status_code == 403, response.text
    assert await plugin(app).accounts.users.get(bob.id) == bob


async def test_forged_fields_of_a_new_user_are_refused(process: Any) -> None:
    app = process(Desk)
    await create(app, ANN, "admin")
    hers = await signed_in(app)
    for field, value in (
        ("roles", ["admin"]), ("password_hash", "x"), ("disabled", False), ("verified", True),
        ("password_number", 7),
    ):  # fmt: skip
        made = await hers.call("POST", "/auth/users", {"email": BOB, field: value})
        assert made.status_code == 422, (field, made.text)
    made = await hers.call("POST", "/auth/users", {"email": " Bob@Example.org", "name": "Bob"})
    assert made.status_code == 201, made.text
    assert made.json()["entity"]["email"] == BOB


async def test_address_is_normalised_and_unique(process: Any) -> None:
    app = process(Desk)
    ann = await create(app, "\uff21NN@Example.ORG ")
    assert ann.email == ANN
    with pytest.raises(ConstraintError):
        await create(app, "Ann@EXAMPLE.org")
    for wrong in ("ann", "@example.org", "a b@example.org", "a@b\0c", "a@.org", "x" * 300 + "@a.b"):
        with pytest.raises(BindingError):
            await create(app, wrong)


@pytest.mark.parametrize("name", ["disable", "delete", "revoke"])
async def test_last_admin_stays(process: Any, name: str) -> None:
    app = process(Desk)
    ann, bob = await create(app, ANN, "admin"), await create(app, BOB, "admin")
    hers = await signed_in(app)
    await run(app, bob.do.disable())
    arguments = {"role": "admin"} if name == "revoke" else {}

    with pytest.raises(ConstraintError, match="last administrator"):
        await run(app, getattr(ann.do, name)(**arguments))
    if name == "disable":
        refused = await hers.call("POST", f"/auth/users/{ann.id}/disable", {})
        assert refused.status_code == 409

    assert await status(hers) == 200
    await run(app, bob.do.enable())
    await run(app, getattr(ann.do, name)(**arguments))


async def test_two_admins_can_not_stop_at_once(process: Any, database: str) -> None:
    first, second = (process(Desk, database_url=database) for _ in range(2))
    for _ in range(4):
        users = [u async for u in plugin(first).accounts.users.stream()]
        for user in users:
            if user.disabled:
                await run(first, user.do.enable())
        if not users:
            users = [await create(first, ANN, "admin"), await create(first, BOB, "admin")]
        ann, bob = users
        await asyncio.gather(
            run(first, ann.do.disable()), run(second, bob.do.disable()), return_exceptions=True
        )
        left = [u async for u in plugin(first).accounts.users.stream() if not u.disabled]
        assert left


async def test_subclass_is_an_entity_of_the_application(process: Any) -> None:
    app = process(Desk, Member, auth=Auth(user=Member))
    assert app.starmodel.registry.find("Member") is not None
    assert app.starmodel.registry.find("auth.User") is None
    ann = await create(app, ANN, "admin")
    assert isinstance(ann, Member)
    hers = await signed_in(app)
    assert (await hers.call("POST", f"/members/{ann.id}/reward", {"points": 3})).status_code == 200
    await run(app, ann.do.grant(role="boss"))
    assert await status(hers, "POST", "/desk/lock") == 200
    with closing(sqlite3.connect("starmodel.db")) as db:
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    assert "member" in names
    assert "starmodel_auth_user" not in names


async def test_wrong_options_stop_the_start(process: Any) -> None:
    app = process(Desk, auth=Auth(user=Member))
    with pytest.raises(ConfigurationError, match=r"no such entity. Pass it to"):
        await app.starmodel.ready()
    with pytest.raises(ConfigurationError, match="plugins_disabled"):
        process(Desk, plugins_disabled=["auth"])
    with pytest.raises(ConfigurationError, match=r"subclass of starmodel\.auth\.User"):
        Auth(user=Desk)
    with pytest.raises(ConfigurationError, match="closed, invite, open"):
        Auth(registration="everyone")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"starmodel.auth.Auth"):
        process(Desk, auth="yes")


async def test_own_classes_named_user_and_session_do_not_collide(process: Any) -> None:
    def body(table: str) -> dict[str, Any]:
        return {
            "__module__": __name__, "__qualname__": table, "__annotations__": {"name": str},
            "model_config": {"store": "sql", "access": "public"},
        }  # fmt: skip

    own: Any = unlisted(type(Entity)("User", (Entity,), body("User")))
    session: Any = unlisted(type(Entity)("Session", (Entity,), body("Session")))
    app = process(own, session, Desk)
    await create(app)
    guest = Browser(app)
    assert (await guest.call("POST", "/users", {"name": "A"})).status_code == 201
    assert (await guest.call("POST", "/sessions", {"name": "B"})).status_code == 201
    assert (await (await signed_in(app)).call("GET", "/auth/users")).status_code == 200


async def test_no_secret_leaves_the_server(
    process: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    app = process(Desk)
    ann = await create(app, ANN, "admin")
    hers = await signed_in(app)
    await sign_in(Browser(app), ANN, "a wrong secret phrase")
    stored = (await plugin(app).accounts.users.get(ann.id)).password_hash
    outcome = await plugin(app).accounts.run(
        ann.do.change_password(current_password=PASSWORD, new_password=OTHER)
    )
    texts = [repr(ann), str(ann), outcome.record.to_json(), repr(outcome.record)]
    for path in ("/auth/users", f"/auth/users/{ann.id}", "/account", f"/auth/users/{ann.id}/edit"):
        texts.append((await hers.page(path)).text)
        texts.append((await hers.call("GET", path)).text)
    texts += [caplog.text, capsys.readouterr().err]
    now = (await plugin(app).accounts.users.get(ann.id)).password_hash
    for text in texts:
        for secret in (stored, now, PASSWORD, OTHER, "a wrong secret phrase", "argon2id"):
            assert secret not in text


async def test_table_is_one_of_starmodel_and_never_migrated(process: Any) -> None:
    app = process(Desk)
    await create(app)
    with closing(sqlite3.connect("starmodel.db")) as db:
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert "starmodel_auth_user" in names
    assert not {name for name in names if not name.startswith(("starmodel_", "sqlite_"))}


async def test_system_store_has_the_users(process: Any) -> None:
    app = process(Desk, system_store="sqlite:///people.db")
    await create(app)
    with closing(sqlite3.connect("people.db")) as db:
        assert db.execute("SELECT email FROM starmodel_auth_user").fetchall() == [(ANN,)]
