"""Browser state sent by a request: read, changed, returned, and never stored on the server."""

from __future__ import annotations

import datetime
import gc
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel, field_validator, model_validator
from pydantic_core import from_json, to_json

from starmodel import (
    ConfigurationError,
    Entity,
    EntityConfig,
    Field,
    InvalidStateError,
    VersionConflictError,
    event,
    on,
)
from starmodel.adapters.persistence.browser import (
    MAX_STATE_BYTES,
    BrowserRepository,
    restored,
    serialised_state,
)
from starmodel.app.commands.command import Command
from starmodel.app.context import current_context, use_browser_state
from starmodel.app.live.reactions import defined_reactions
from starmodel.app.ports.messages import Changed
from starmodel.app.sessions.browser_state import BrowserState
from starmodel.app.sessions.session import Session
from starmodel.core.errors import CommandRunningError, RequestError
from starmodel.core.snapshot import version_of
from starmodel.testing.fakes import FakeClock, fake_application

LOCAL = EntityConfig(store="local_storage")


class Place(BaseModel):
    city: str = "Here"


class _Prefs(Entity):
    model_config = LOCAL
    theme: Literal["light", "dark"] = "light"
    count: int = Field(0, ge=0)
    tags: list[str] = []
    places: dict[str, Place] = {}
    since: datetime.datetime | None = None
    big: int = 2**70
    seen: set[int] = set()

    @event
    def add(self, n: int = 1) -> int:
        self.count += n
        return self.count

    @event
    def tell(self) -> None:
        self.count += 1
        self.emit(Place(city="told"))

    @event
    async def slow(self) -> None:
        self.count += 1

    @event
    def grow(self, size: int) -> None:
        self.tags.append("x" * size)

    @event
    def drop(self, uow) -> None:  # type: ignore[no-untyped-def]
        uow.delete(self)


class _Log(Entity):
    model_config = EntityConfig(scope="app", access="public")
    lines: int = 0

    @event
    def take(self, prefs: _Prefs, by: int = 1) -> None:
        self.lines += prefs.count
        prefs.count -= by


@pytest.fixture(autouse=True)
def _no_request() -> Iterator[None]:
    token = current_context.set(None)
    yield
    current_context.reset(token)


SESSION = Session("visitor", "id", "me")


def app(**options: Any) -> Any:
    clock = FakeClock()
    stores = {"local_storage": BrowserRepository(clock=clock)}
    return fake_application(_Prefs, _Log, stores=stores, clock=clock, **options)


def bring(state: Any = None, *names: str, version: int = 7) -> BrowserState:
    data = {"format": 1, "version": version, "state": state}
    texts = {} if state is None else {"_Prefs": to_json(data).decode()}
    made = BrowserState("me", names or ("_Prefs",), texts)
    use_browser_state(made)
    return made


async def run(made: Any, cls: type[Entity], name: str, key: str | None = None, **args: Any) -> Any:
    entity_type = made.registry[cls]
    event, policy = entity_type.events[name], made.policy
    command = Command(entity_type, event, args, policy, None, None, SESSION, key=key)
    return await made.dispatcher.dispatch(command)


def stored_state(request: BrowserState) -> Any:
    return from_json(request.known["_Prefs"].text)["state"]


async def test_event_runs_on_sent_state_and_returns_the_new_one() -> None:
    request = bring({"count": 4, "tags": ["a"], "places": {"x": {"city": "There"}}})
    outcome = await run(app(), _Prefs, "add", n=2)
    assert (outcome.value, outcome.version) == (6, 8)
    assert list(request.take()) == ["_Prefs"]
    assert request.take() == {}
    state = stored_state(request)
    assert (state["count"], state["tags"], state["places"]) == (6, ["a"], {"x": {"city": "There"}})
    assert "id" not in state


async def test_first_event_starts_from_defaults() -> None:
    request = bring()
    await run(app(), _Prefs, "add")
    assert stored_state(request)["count"] == 1


async def test_browser_state_is_neither_stored_nor_published() -> None:
    made = app()
    bring({"theme": "dark", "tags": ["a very private word"]})
    await run(made, _Prefs, "add", key="k1")
    assert made.bus.of(Changed) == []
    current_context.set(None)
    gc.collect()
    assert not [
        e for e in gc.get_objects() if type(e) is _Prefs and e.tags == ["a very private word"]
    ]
    assert await made.persistence.for_class(_Prefs).get(_Prefs, "me") is None


async def test_repeated_key_has_one_effect_on_its_sent_state() -> None:
    made = app()
    for _ in range(2):  # the first response was lost, so the browser has the old state
        request = bring({"count": 1})
        await run(made, _Prefs, "add", key="k")
        assert stored_state(request)["count"] == 2


@pytest.mark.parametrize("name", ["tell", "slow"])
async def test_repeated_key_with_other_side_effects_is_rejected(name: str) -> None:
    made = app()
    bring({"count": 1})
    await run(made, _Prefs, name, key="k")
    bring({"count": 1})
    with pytest.raises(CommandRunningError):
        await run(made, _Prefs, name, key="k")


async def test_repeated_key_changes_another_store_once() -> None:
    made = app()
    bring({"count": 3})
    await run(made, _Log, "take", key="k")
    bring({"count": 3})
    outcome = await run(made, _Log, "take", key="k")
    assert outcome.repeated
    assert outcome.entity.lines == 3


async def test_event_of_another_entity_commits_both_or_neither() -> None:
    made, request = app(), bring({"count": 3})
    await run(made, _Log, "take")
    assert stored_state(request)["count"] == 2
    again = bring({"count": 3})
    with pytest.raises(InvalidStateError):
        await run(made, _Log, "take", by=9)
    assert again.take() == {}
    assert (await made.persistence.for_class(_Log).get(_Log, "app")).lines == 3


async def test_reaction_cannot_access_browser_state(caplog: pytest.LogCaptureFixture) -> None:
    @on(_Prefs.add)
    async def after(record, uow):  # type: ignore[no-untyped-def]
        await uow.get(_Prefs, "me")

    made = app(reactions=[defined_reactions()[-1]])
    bring({"count": 1})
    await run(made, _Prefs, "add")
    await made.reactions.idle()
    assert "_Prefs lives in the visitor's browser" in caplog.text


async def test_undeclared_state_access_is_rejected_with_the_remedy() -> None:
    bring({"count": 1}, "Other")
    with pytest.raises(ConfigurationError, match=r"naming it as a parameter \(_prefs: _Prefs\)"):
        await run(app(), _Prefs, "add")


async def test_id_of_another_visitor_is_rejected() -> None:
    bring({"count": 1})
    with pytest.raises(ConfigurationError, match="lives in the visitor's browser"):
        await BrowserRepository().get(_Prefs, "somebody else")


async def test_code_without_request_cannot_change_browser_state() -> None:
    with pytest.raises(ConfigurationError, match="lives in the visitor's browser"):
        await run(app(), _Prefs, "add")


async def test_listing_browser_entities_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="no list of them"):
        await app().objects(_Prefs).list()


async def test_deleted_state_is_removed_from_the_browser() -> None:
    request = bring({"count": 3})
    await run(app(), _Prefs, "drop")
    assert request.take()["_Prefs"] == (None, "")


async def test_second_commit_in_one_request_builds_on_the_first() -> None:
    made, request = app(), bring({"count": 3})
    await run(made, _Prefs, "add")
    outcome = await run(made, _Prefs, "add")
    assert (outcome.version, stored_state(request)["count"]) == (9, 5)


async def test_conflict_within_one_request_is_detected() -> None:
    made = app()
    bring({"count": 3})
    unit, other = made.unit(), made.unit()
    first, second = await unit.get(_Prefs, "me"), await other.get(_Prefs, "me")
    first.count, second.count = 1, 2
    await unit.commit()
    with pytest.raises(VersionConflictError):
        await other.commit()


async def test_new_state_beyond_the_limit_is_rejected_and_nothing_changes() -> None:
    request = bring({"count": 3})
    with pytest.raises(InvalidStateError, match=f"at most {MAX_STATE_BYTES}"):
        await run(app(), _Prefs, "grow", size=MAX_STATE_BYTES)
    assert request.take() == {}


async def test_sent_state_beyond_the_limit_is_rejected() -> None:
    bring({"tags": ["x" * MAX_STATE_BYTES]})
    with pytest.raises(RequestError, match=f"at most {MAX_STATE_BYTES}") as refused:
        await run(app(), _Prefs, "add")
    assert refused.value.status == 413


@pytest.mark.parametrize(
    "text",
    [
        "", "no json", "[]", "1", "null", '{"format":2,"version":1,"state":{}}',
        '{"format":1,"version":0,"state":{}}', '{"format":1,"version":true,"state":{}}',
        '{"format":1,"version":1e400,"state":{}}', '{"format":1,"version":9007199254740993}',
        '{"format":1,"version":1,"state":[1]}', 5, [], {"format": 1},
    ],
)  # fmt: skip
async def test_unparsable_state_counts_as_missing(text: Any) -> None:
    request = BrowserState("me", ("_Prefs",), {"_Prefs": text})
    use_browser_state(request)
    outcome = await run(app(), _Prefs, "add")
    assert outcome.value == 1


def test_invalid_old_values_fall_back_to_defaults_per_field() -> None:
    state = {
        "theme": "purple", "count": -1, "tags": ["kept"], "gone": 1, "places": {"x": {"city": 5}},
        "since": "2026-01-02T03:04:05Z", "id": "another",
    }  # fmt: skip
    made = restored(_Prefs, "me", state)
    assert (made.theme, made.count, made.tags, made.places) == ("light", 0, ["kept"], {})
    assert made.since == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert made.id == "me"


def test_class_validators_apply_to_old_values() -> None:
    class Range(Entity):
        model_config = LOCAL
        low: int = 0
        high: int = 9
        even: int = 0

        @field_validator("even")
        @classmethod
        def _is_even(cls, value: int) -> int:
            if value % 2:
                raise ValueError("odd")
            return value

        @model_validator(mode="after")
        def _ordered(self) -> Range:
            if self.low > self.high:
                raise ValueError("low above high")
            return self

    assert restored(Range, "me", {"low": 3, "even": 5}).low == 3
    assert restored(Range, "me", {"low": 3, "even": 5}).even == 0
    assert restored(Range, "me", {"low": 30, "even": 4}).model_dump(exclude={"id"}) == {
        "low": 0, "high": 9, "even": 0,
    }  # fmt: skip


def test_written_state_round_trips() -> None:
    made = _Prefs(
        id="me", theme="dark", tags=["\u2028", "\n"], seen={1, 2}, big=10**30,
        places={"a": Place(city="b")}, since=datetime.datetime(2026, 1, 1),
    )  # fmt: skip
    text = serialised_state(made, 3)
    assert "\n" not in text
    assert restored(_Prefs, "me", from_json(text)["state"]) == made
    assert version_of(made) == 0


def test_extra_values_are_preserved_where_extra_is_allowed() -> None:
    class Open(Entity):
        model_config = EntityConfig(store="local_storage", extra="allow")

    made = restored(Open, "me", from_json(serialised_state(Open(id="me", note="x"), 1))["state"])  # type: ignore[call-arg]
    assert made.model_extra == {"note": "x"}


def test_event_that_needs_a_state_has_a_method_with_a_body() -> None:
    class Bad(Entity):
        model_config = LOCAL

        @event(method="get")
        def look(self) -> None:
            """Reads."""

    with pytest.raises(ConfigurationError, match=r"Bad\.look has method 'get'.*'post'"):
        fake_application(Bad, stores={"local_storage": BrowserRepository})
    binder = app().dispatcher.binders[_Log, "take"]
    assert (binder.browser_stores, binder.method("get"), binder.method("put")) == (
        ("_Prefs",), "post", "put",
    )  # fmt: skip
