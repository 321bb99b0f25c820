"""Generated pages offer what is permitted: links, buttons, menus and forms under random rules."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integration.web.browser import Browser, unlisted
from integration.web.conftest import SECRET, add_sign_in
from starmodel import Entity, Field, create_app, event
from starmodel.access import actor, mfa, owner, record, role
from starmodel.app.access.area_policy import AreaPolicy

EVENTS = ("update", "delete", "sign", "close")
VISITORS = ("", "ann", "bob?roles=staff")


@unlisted
class Project(Entity):
    model_config = {"scope": "record", "access": "public"}
    id: str
    lead: str = ""


class _Paper(Entity):
    id: str
    user_id: str = Field(default="", editable=True)
    state: str = "draft"
    project_id: str | None = Field(default=None, foreign_key="project.id")

    @event
    def sign(self) -> None:
        """Change nothing."""

    @event
    def close(self, why: str = "") -> None:
        """Change nothing."""


@unlisted
class MemoryPaper(_Paper):
    model_config = {"scope": "record", "path": "/papers"}


@unlisted
class SqlPaper(_Paper):
    model_config = {"scope": "record", "path": "/papers", "store": "sql"}


LEAVES = st.sampled_from(
    [
        role("staff"), owner("user_id"), mfa(), record.state == "draft",
        record.state.in_(["sent", "paid"]), record.project.lead == actor.id,
        record.project.lead == record.user_id, record.project_id.is_(None),
    ]
)  # fmt: skip
NAMED = st.sampled_from(["public", "signed_in", "nobody", "role:staff"])
RULES = NAMED | st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda a, b: a & b, inner, inner | NAMED)
        | st.builds(lambda a, b: b | a, inner, inner | NAMED)
        | st.builds(lambda a: ~a, inner)
    ),
    max_leaves=4,
)


@pytest.fixture(params=[MemoryPaper, SqlPaper], ids=["memory", "sql"])
def papers(request: pytest.FixtureRequest) -> Iterator[tuple[asyncio.Runner, Any, type[Entity]]]:
    cls = request.param
    app = create_app(
        [Project, cls], secret_key=SECRET, default_store=cls.model_config.get("store", "memory")
    )
    add_sign_in(app)

    async def fill() -> None:
        await Project.objects.create(id="of-ann", lead="ann")
        await Project.objects.create(id="of-bob", lead="bob")
        for number, (user, state, project) in enumerate(
            [("ann", "draft", "of-ann"), ("bob", "sent", "of-ann"), ("ann", "sent", "of-bob"),
             ("bob", "draft", None)]
        ):  # fmt: skip
            values = {"user_id": user, "state": state, "project_id": project}
            await app.starmodel.objects(cls).create(id=f"p{number}", **values)

    with asyncio.Runner() as runner:
        runner.run(fill())
        yield runner, app, cls
        runner.run(app.starmodel.close())


def test_pages_offer_exactly_what_is_permitted(
    papers: tuple[asyncio.Runner, Any, type[Entity]], monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, app, cls = papers

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @example({"read": "signed_in", "write": record.project.lead == actor.id}, None)
    @example({"read": owner("user_id"), "write": "public", "delete": "nobody"}, role("staff"))
    @example({"read": "public", "write": ~(record.project.lead == actor.id)}, owner("user_id"))
    @given(
        st.fixed_dictionaries({"read": RULES, "write": RULES}, optional={"delete": RULES}),
        st.none() | RULES,
    )
    def check(access: dict[str, Any], of_close: Any) -> None:
        monkeypatch.setitem(cls.model_config, "access", access)
        close = app.starmodel.registry[cls].events["close"]
        monkeypatch.setattr(close, "info", replace(close.info, access=of_close))
        policy = app.starmodel.policy
        if isinstance(policy, AreaPolicy):
            policy = policy.of(app.starmodel.registry[cls])
        for cache in ("_rules", "_models", "_read_fields"):
            getattr(policy, cache).clear()
        runner.run(compare(app))

    check()


async def compare(app: Any) -> None:
    """Compare the offers of every page with the answers of the events."""
    for visitor in VISITORS:
        browser = Browser(app)
        if visitor:
            await browser.page(f"/sign-in/{visitor}")
        listed, start = await browser.page("/papers"), await browser.page("/projects")
        assert ('href="/papers"' in start.text) is (listed.status_code == 200), visitor
        rows = rows_of(listed.text) if listed.status_code == 200 else {}
        may_create = 'href="/papers/new"' in listed.text
        if rows or listed.status_code == 200:
            assert may_create is ((await browser.page("/papers/new")).status_code == 200), visitor
        for number in range(4):
            id = f"p{number}"
            page = await browser.page(f"/papers/{id}")
            permitted = {name for name in EVENTS if await is_permitted(browser, id, name)}
            assert (id in rows) is (page.status_code == 200), (visitor, id)
            if id in rows:
                assert rows[id] == permitted, (visitor, id, "row")
                assert offers_of(page.text, id) == permitted, (visitor, id, "page")


def rows_of(text: str) -> dict[str, set[str]]:
    """The events in the menu of each row; those of all rows where rows do not differ."""
    named = set(re.findall(r'data-event="(\w+)"', text))
    rows = dict(re.findall(r'<tr data-key="([^"]+)">(.*?)</tr>', text, re.DOTALL))
    rows.pop("none", None)
    found = {}
    for key, row in rows.items():
        own = re.search(r'data-may="([^"]*)"', row)
        found[key] = named if own is None else set(own[1].split())
    return found


def offers_of(text: str, id: str) -> set[str]:
    """The events that the page of a record has a form or a link for."""
    offered = set(re.findall(rf'action="/papers/{id}/(\w+)"', text))
    return offered | ({"update"} if f'href="/papers/{id}/edit"' in text else set())


async def is_permitted(browser: Browser, id: str, name: str) -> bool:
    """Whether the event is not refused; nothing is changed."""
    if name == "delete":  # refused for its version after access was decided
        response = await browser.call("DELETE", f"/papers/{id}", headers={"if-match": '"1"'})
        assert response.status_code in (412, 401, 403, 404), response.text
    elif name == "update":
        response = await browser.call("PATCH", f"/papers/{id}", {})
    else:
        response = await browser.call("POST", f"/papers/{id}/{name}")
    return response.status_code not in (401, 403, 404)
