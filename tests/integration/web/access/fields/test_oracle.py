"""An attacker learns nothing of what it may not read: two worlds differ in it, answers do not.

The worlds have the same records but for a field with a rule, a private field, and the content of
a record that the attacker may not read. Every answer to the attacker is equal in both.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from integration.web.access.fields.employees import signed_in
from integration.web.browser import HTML, Browser, unlisted
from integration.web.streams.json_client import NDJSON, JsonStream
from starmodel import Entity, Field, event
from starmodel.access import owner, record, role
from starmodel.app.ports.query import OPERATORS

MINE = role("staff") | owner("user_id")
HIDDEN = ("pay", "wage", "remark", "secret_code", "code")
RANDOM_HEADERS = ("set-cookie", "etag", "date", "content-length", "content-security-policy")
VALUES = ("", "1", "true", "9" * 2000, "1," * 1200)


CONFIG: Any = {
    "scope": "record",
    "path": "/files",
    "access": {"read": MINE, "write": MINE, "create": "signed_in"},
}


@unlisted
class MemoryFile(Entity):
    model_config = {**CONFIG, "store": "memory"}
    id: str
    user_id: str = ""
    name: str = ""
    count: int = 0
    pay: int = Field(default=0, alias="wage", access=role("staff"))
    remark: str = Field(default="", max_length=40, access={"read": MINE & (record.name != "x")})
    secret_code: str = Field(default="", private=True, alias="code")

    @event
    def touch(self) -> None:
        self.count += 1

    @event
    def join(self, other: MemoryFile) -> str:
        return other.id


@unlisted
class SqlFile(Entity):
    model_config = {**CONFIG, "store": "sql"}
    id: str
    user_id: str = ""
    name: str = ""
    count: int = 0
    pay: int = Field(default=0, alias="wage", access=role("staff"))
    remark: str = Field(default="", max_length=40, access={"read": MINE & (record.name != "x")})
    secret_code: str = Field(default="", private=True, alias="code")

    @event
    def touch(self) -> None:
        self.count += 1

    @event
    def join(self, other: SqlFile) -> str:
        return other.id


WORLDS = (
    {"pay": 10, "remark": "alpha", "secret_code": "k", "other": "owl"},
    {"pay": 977_531, "remark": "omega", "secret_code": "quince", "other": "an albatross"},
)


async def world(app: Any, cls: Any, what: dict[str, Any]) -> None:
    objects = app.starmodel.objects(cls)
    hidden = {name: what[name] for name in ("pay", "secret_code")}
    for id in ("a", "b", "x"):
        readable = {} if id == "x" else {"remark": "same"}
        values = {"name": id, "remark": what["remark"], **readable, **hidden}
        await objects.create(id=id, user_id="ann", **values)
    await objects.create(id="z", user_id="bob", name=what["other"], remark=what["remark"], **hidden)


@pytest.fixture(params=[MemoryFile, SqlFile], ids=["memory", "sql"])
async def attackers(request: Any, serve: Any, visit: Any) -> Any:
    """The same attacker in both worlds."""
    found = []
    for number, what in enumerate(WORLDS):
        app = serve(request.param, database_url=f"sqlite:///{number}.db")
        await world(app, request.param, what)
        found.append(await signed_in(visit, app, "ann"))
    return found


def told(text: str) -> str:
    """An answer without what is random or a time: versions, tokens, nonces."""
    text = re.sub(r"\b1[67]\d{14}\b", "VERSION", text)
    text = re.sub(r"token=[\w.~-]+", "token=TOKEN", text)
    text = re.sub(r'(data-(?:state|session)=|"cursor": ?|"next": ?)"[^"]*"', r"\1", text)
    return re.sub(r"[a-f0-9]{12,16}|starmodel-csp[^;]*", "DIGEST", text)


async def same(attackers: Any, method: str, path: str, data: Any = None, **headers: str) -> str:
    """The answer, which both worlds give, and which has no hidden value."""
    answers = []
    for browser in attackers:
        headers = {"accept": "application/json", "origin": "http://testserver", **headers}
        response = await browser.request(method, path, json=data, headers=headers)
        kept = {n: v for n, v in response.headers.items() if n not in RANDOM_HEADERS}
        answers.append((response.status_code, told(response.text), told(str(kept))))
        words = [str(w) for world in WORLDS for w in world.values() if len(str(w)) > 2]
        sent = f"{path} {data}"
        assert not [w for w in words if w in response.text and w not in sent], response.text
    assert answers[0] == answers[1]
    return f"{answers[0][0]} {answers[0][1]}"


def questions() -> Iterator[str]:
    for name in HIDDEN:
        yield from (f"order={sign}{name}" for sign in ("", "-", "name,"))
        yield f"{name}=1"
        for op, value in itertools.product([*OPERATORS, "isnull", "range", "other"], VALUES):
            yield f"{name}__{op}={value}"
    for word in ("alpha", "omega", "owl", "alba", "quince", "97753", "same"):
        yield f"search={word}&total=1"
    for page in ("", "&page=2", "&per_page=1", "&per_page=2&page=2", "&cursor="):
        yield f"order=name{page}"


@pytest.mark.parametrize("accept", ["application/json", HTML["accept"], NDJSON])
async def test_questions_to_a_list_tell_nothing(attackers: Any, accept: str) -> None:
    rarely = accept != "application/json"
    for number, question in enumerate(questions()):
        is_streamed = accept == NDJSON and not any(name in question for name in HIDDEN)
        if not is_streamed and not (rarely and number % 9):
            await same(attackers, "GET", f"/files?{question}", accept=accept)


@pytest.mark.parametrize("name", HIDDEN)
async def test_name_is_answered_like_an_unknown_one(attackers: Any, name: str) -> None:
    """By the error of a query, of a change and of a new record."""
    unknown = "z" * len(name)
    closed = name != "remark"  # ann reads the remarks of her own records
    for op, value in itertools.product(["eq", *OPERATORS], VALUES):
        asked = await same(attackers, "GET", f"/files?{name}__{op}={value}")
        other = await same(attackers, "GET", f"/files?{unknown}__{op}={value}")
        assert asked.replace(name, unknown) == other
    values = [1, -5, "x" * 50, None, {"a": 1}] if closed else ["short"]
    for data, value in itertools.product(({}, {"name": "n"}), values):
        for method, path in (("PATCH", "/files/x"), ("POST", "/files")):
            if closed or method == "PATCH":
                new = {**data, "id": "n"} if method == "POST" else data
                asked = await same(attackers, method, path, {**new, name: value})
                other = await same(attackers, method, path, {**new, unknown: value})
                assert asked.replace(name, unknown) == other


@pytest.mark.parametrize("path", ["a", "x", "z", "none"])
async def test_addresses_and_events_tell_nothing(attackers: Any, path: str) -> None:
    page = {"accept": HTML["accept"]}
    for tail in ("", "/edit"):
        await same(attackers, "GET", f"/files/{path}{tail}", **page)
        await same(attackers, "GET", f"/files/{path}{tail}")
    await same(attackers, "POST", f"/files/{path}/touch")
    await same(attackers, "POST", "/files/a/join", {"other": path})
    await same(attackers, "POST", "/files/_bulk", {"event": "touch", "id": [path]})
    await same(attackers, "PATCH", f"/files/{path}", {"count": 5}, if_match='"1"')
    await same(attackers, "PATCH", f"/files/{path}", {"name": 5})
    await same(attackers, "GET", f"/files/{path}", if_none_match="*")


async def test_hidden_record_is_answered_like_a_missing_one(attackers: Any) -> None:
    for method, tail, data in (
        ("GET", "", None), ("PATCH", "", {"name": "n"}), ("DELETE", "", None),
        ("POST", "/touch", None), ("PATCH", "", {"pay": 1}), ("PATCH", "", {"zzz": 1}),
    ):  # fmt: skip
        hidden = await same(attackers, method, f"/files/z{tail}", data)
        missing = await same(attackers, method, f"/files/q{tail}", data)
        assert hidden.replace("'z'", "'q'") == missing


async def test_cursors_of_equal_positions_have_equal_lengths(attackers: Any) -> None:
    lengths = set()
    for browser in attackers:
        data = (await browser.call("GET", "/files?order=name&per_page=1&cursor=")).json()
        lengths.add(len(data["next"]))
    assert len(lengths) == 1


async def test_streams_tell_nothing(attackers: Any) -> None:
    """Neither of the fields of a record that is followed, nor of records that are not."""
    received: list[list[Any]] = []
    for browser in attackers:
        lines = []
        async with (
            JsonStream(browser, "/files/x") as one,
            JsonStream(browser, "/files?order=name") as every,
        ):
            lines += [await one.patch(), await every.patch()]
            cls = next(iter(browser.app.starmodel.registry)).cls
            objects = browser.app.starmodel.objects(cls)
            for id, values in (("z", {"pay": 5}), ("x", {"pay": 6}), ("x", {"name": "y"})):
                await browser.app.starmodel.dispatch((await objects.get(id)).do.update(**values))
                if id == "x":
                    lines += [await one.patch(), await every.patch()]
            assert await every.silent()
        received.append([told(str(line)) for line in lines])
    assert received[0][:-2] == received[1][:-2]
    assert not [w for w in ("977531", "quince", "albatross") if w in str(received)]


async def test_statements_do_not_depend_on_hidden_values(
    attackers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of reads of the store is the same in both worlds, and with an unknown id."""
    counts = []
    for browser in attackers:
        counts.append(await _reads(browser, monkeypatch))
    assert counts[0] == counts[1]


async def _reads(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    registry, persistence = browser.app.starmodel.registry, browser.app.starmodel.persistence
    repository: Any = persistence.for_class(next(iter(registry)).cls)
    called: list[str] = []
    for name in ("get", "list", "count", "latest"):
        original = getattr(repository, name)

        async def counted(*args: Any, _name: str = name, _original: Any = original) -> Any:
            called.append(_name)
            return await _original(*args)

        monkeypatch.setattr(repository, name, counted)
    found = {}
    for path in ("?order=name&total=1", "?search=owl", "?pay=1", "/a", "/x", "/z", "/q"):
        called.clear()
        await browser.call("GET", f"/files{path}")
        found[path] = len(called)
    assert found["/z"] == found["/q"]
    return found
