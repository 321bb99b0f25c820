"""Each way to the records of a class has those that its rule permits, whatever kind the rule is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from integration.web.browser import Browser, unlisted
from integration.web.streams.json_client import JsonStream
from integration.web.streams.test_stream_lists import keys
from starmodel import Actor, Entity, Field, event
from starmodel.access import actor, owner, record, role
from starmodel.app.access.decisions import permits

IDS = ("a", "b", "c", "d", "e", "f")


def by_function(actor: Actor | None, task: Any) -> bool:
    return actor is not None and task.user_id == actor.id


RULES: dict[str, Any] = {
    "owner": owner("user_id"),
    "function": by_function,
    "mixed": (record.level > 1) & by_function,
    "relation": record.team.boss == actor.id,
    "role": role("staff"),
    "either": role("staff") | owner("user_id") | (record.team.boss == actor.id),
    "not": "signed_in" & ~(record.level == 2),
}
VISITORS = {"guest": None, "ann": "ann", "staff": "eve?roles=staff"}


@unlisted
class Team(Entity):
    model_config = {"scope": "record", "access": "public"}
    id: str
    boss: str = ""


class _Task(Entity):
    id: str
    text: str = "task"
    user_id: str = ""
    level: int = 0
    team_id: str | None = Field(default=None, foreign_key="team.id")


CONFIG: Any = {"scope": "record", "path": "/tasks", "search_fields": ["text"]}


@unlisted
class MemoryTask(_Task):
    model_config = {**CONFIG, "store": "memory"}

    @event
    def touch(self) -> None:
        self.text += "!"


@unlisted
class SqlTask(_Task):
    model_config = {**CONFIG, "store": "sql"}

    @event
    def touch(self) -> None:
        self.text += "!"


@unlisted
class MemoryPick(Entity):
    model_config = {"scope": "app", "access": "public", "path": "/pick"}
    chosen: str = ""

    @event
    def choose(self, task: MemoryTask) -> None:
        self.chosen = task.id


@unlisted
class SqlPick(Entity):
    model_config = {"scope": "app", "access": "public", "path": "/pick"}
    chosen: str = ""

    @event
    def choose(self, task: SqlTask) -> None:
        self.chosen = task.id


Face = Callable[[Browser], Awaitable[set[str]]]


async def address(browser: Browser) -> set[str]:
    return {id for id in IDS if (await browser.call("GET", f"/tasks/{id}")).status_code == 200}


async def page(browser: Browser) -> set[str]:
    return {id for id in IDS if (await browser.page(f"/tasks/{id}")).status_code == 200}


async def stream(browser: Browser) -> set[str]:
    found = set()
    for id in IDS:
        async with JsonStream(browser, f"/tasks/{id}") as opened:
            if opened.status == 200:
                await opened.patch()
                found.add(opened.state["id"])
    return found


def listed(query: str) -> Face:
    async def face(browser: Browser) -> set[str]:
        data = (await browser.call("GET", f"/tasks?{query}")).json()
        found = [item["id"] for item in data.get("items", ())]
        assert data.get("total", len(found)) == len(found)
        return set(found)

    return face


async def pages(browser: Browser) -> set[str]:
    found: list[str] = []
    number: int | None = 1
    while number:
        data = (await browser.call("GET", f"/tasks?per_page=1&page={number}")).json()
        found += [item["id"] for item in data.get("items", ())]
        number = data.get("next")
    return set(found)


async def cursors(browser: Browser) -> set[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"order=-level&per_page=1&cursor={cursor}"
        data = (await browser.call("GET", f"/tasks?{query}")).json()
        found += [item["id"] for item in data.get("items", ())]
        cursor = data.get("next")
    return set(found)


async def rows(browser: Browser) -> set[str]:
    text = (await browser.page("/tasks?order=id")).text
    return set(keys(text)) & set(IDS)


async def streamed_list(browser: Browser) -> set[str]:
    async with JsonStream(browser, "/tasks?order=id") as opened:
        if opened.status != 200:
            return set()
        await opened.patch()
        return {item["id"] for item in opened.state}


async def live_rows(browser: Browser) -> set[str]:
    """What an open list in JSON has after every record has changed."""
    application = browser.app.starmodel
    cls = next(t.cls for t in application.registry if t.name.endswith("Task"))
    async with JsonStream(browser, "/tasks?order=id") as opened:
        if opened.status != 200:
            return set()
        await opened.patch()
        for id in IDS:
            await application.dispatch((await application.objects(cls).get(id)).do.touch())
        while not all(item["text"].endswith("!") for item in opened.state):
            await opened.patch()
        return {item["id"] for item in opened.state}


async def record_argument(browser: Browser) -> set[str]:
    found = set()
    for id in IDS:
        answer = await browser.call("POST", "/pick/choose", {"task": id})
        if answer.status_code == 200:
            found.add(answer.json()["entity"]["chosen"])
    return found


async def events(browser: Browser) -> set[str]:
    return {
        id for id in IDS if (await browser.call("POST", f"/tasks/{id}/touch")).status_code == 200
    }


async def bulk(browser: Browser) -> set[str]:
    answer = await browser.call("POST", "/tasks/_bulk", {"event": "touch", "id": list(IDS)})
    return set(answer.json().get("done", ()))


FACES: dict[str, Face] = {
    "address": address, "page": page, "stream": stream, "list": listed(""),
    "total": listed("total=1"), "search": listed("search=TASK&total=1"),
    "filter": listed("level__gte=0&total=1"), "order": listed("order=-text,level&total=1"),
    "pages": pages, "cursors": cursors, "rows": rows, "streamed list": streamed_list,
    "live list": live_rows,
    "record argument": record_argument, "events": events, "bulk": bulk,
}  # fmt: skip


@pytest.fixture(params=["memory", "sql"])
async def app(request: Any, serve: Any) -> Any:
    task, pick = (MemoryTask, MemoryPick) if request.param == "memory" else (SqlTask, SqlPick)
    made = serve(Team, task, pick, default_store=request.param)
    for id in ("ann", "bob"):
        await made.starmodel.objects(Team).create(id=id, boss=id)
    teams = (None, "ann", "bob")
    for number, id in enumerate(IDS):
        await made.starmodel.objects(task).create(
            id=id, user_id=("ann", "bob")[number % 2], level=number % 3, team_id=teams[number % 3]
        )
    return made


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("rule", RULES)
async def test_faces_agree_with_the_rule_in_python(
    app: Any, visit: Any, rule: str, visitor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = app.starmodel
    entity_type = next(t for t in application.registry if t.name.endswith("Task"))
    access = {"read": RULES[rule], "write": RULES[rule]}
    monkeypatch.setitem(entity_type.cls.model_config, "access", access)
    browser = visit(app)
    if VISITORS[visitor]:
        await browser.page(f"/sign-in/{VISITORS[visitor]}")
    roles = frozenset({"staff"} if visitor == "staff" else ())
    names = {"guest": None, "ann": Actor("ann"), "staff": Actor("eve", roles=roles)}
    expected = {
        task.id
        for task in await application.objects(entity_type.cls).list()
        if await permits(application.policy, entity_type, names[visitor], entity=task)
    }

    for name, face in FACES.items():
        assert await face(browser) == expected, name
