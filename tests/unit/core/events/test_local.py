"""Events called in Python: atomic, in place, nested as savepoints, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, Field, PrivateAttr, field_validator

from starmodel.core.changes.copies import Lease
from starmodel.core.changes.drafts import Facts, close_draft, open_draft
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConfigurationError,
    FrozenEntityError,
    InvalidStateError,
    StaleDraftError,
)
from starmodel.core.events import event
from starmodel.core.events.local import emitted
from starmodel.core.snapshot import stored, version_of


class _Line(BaseModel):
    qty: int = 1

    @field_validator("qty")
    @classmethod
    def _positive(cls, value: int) -> int:
        if value < 0:
            raise ValueError("must not be negative")
        return value


class _Cart(Entity):
    total: int = 0
    lines: list[_Line] = Field(default_factory=list)
    tags: set[str] = Field(default_factory=set)
    _calls: int = PrivateAttr(default=0)

    @field_validator("total")
    @classmethod
    def _positive(cls, value: int) -> int:
        if value < 0:
            raise ValueError("must not be negative")
        return value

    @event
    def add(self, amount: int = 1) -> int:
        """Add and return the new total."""
        self._calls += 1
        self.total += amount
        self.lines.append(_Line.model_construct(qty=max(amount, 0)))
        self.emit(f"added {amount}")
        if amount == 13:
            raise ValueError("unlucky")
        return self.total

    @event
    async def add_later(self, amount: int = 1) -> int:
        self.total += amount
        await asyncio.sleep(0)
        if amount == 13:
            raise ValueError("unlucky")
        return self.total

    @event
    def count_up(self, to: int) -> Iterator[int]:
        for n in range(to):
            self.total += 1
            self.emit(n)
            yield self.total
        self.total += 100
        raise ValueError("after the last")

    @event
    async def count_up_later(self, to: int) -> AsyncIterator[int]:
        for _ in range(to):
            self.total += 1
            yield self.total
        self.total += 100
        raise ValueError("after the last")

    @event
    def add_twice(self, second: int) -> None:
        held = self.lines
        self.add(1)
        try:
            self.add(second)
        except (ValueError, InvalidStateError):
            self.tags.add("failed")
        held.append(_Line(qty=50))


CONTENT = {"id"}


def _state(cart: Entity) -> dict[str, Any]:
    return cart.model_dump(exclude=CONTENT)


def test_event_in_place_changes_the_instance_and_gives_its_result() -> None:
    cart = _Cart()
    assert cart.add(2) == 2
    assert (cart.total, cart._calls, emitted(cart)) == (2, 1, ["added 2"])
    with pytest.raises(FrozenEntityError):
        cart.total = 3


def test_event_in_place_that_raises_changes_nothing() -> None:
    cart = _Cart(total=1)
    before = _state(cart)
    with pytest.raises(ValueError, match="unlucky"):
        cart.add(13)
    assert _state(cart) == before
    assert (cart._calls, emitted(cart)) == (0, [])


def test_event_in_place_that_is_rejected_by_a_validator_changes_nothing() -> None:
    cart = _Cart()
    with pytest.raises(InvalidStateError, match="total: Value error, must not be") as caught:
        cart.add(-2)
    assert list(caught.value.fields) == ["total"]
    assert (cart.total, cart.lines, emitted(cart)) == (0, [], [])


def test_event_in_place_marks_its_fields_as_set() -> None:
    cart = _Cart()
    cart.add(1)
    assert cart.model_dump(exclude_unset=True)["total"] == 1


async def test_async_event_in_place_is_all_or_nothing() -> None:
    cart = _Cart()
    assert await cart.add_later(2) == 2
    with pytest.raises(ValueError, match="unlucky"):
        await cart.add_later(13)
    assert cart.total == 2


async def test_async_event_called_starts_only_when_awaited() -> None:
    cart = _Cart()
    later = cart.add_later(2)
    cart.add(1)
    await later
    assert cart.total == 3


async def test_concurrent_async_events_lose_no_update_silently() -> None:
    cart = _Cart()
    results = await asyncio.gather(cart.add_later(1), cart.add_later(1), return_exceptions=True)
    assert results[0] == 1
    assert isinstance(results[1], StaleDraftError)
    assert cart.total == 1


async def test_async_event_cancelled_changes_nothing() -> None:
    cart = _Cart()
    task = asyncio.ensure_future(cart.add_later(1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cart.total == 0


def test_generator_event_in_place_commits_at_each_yield() -> None:
    cart = _Cart()
    seen = []
    steps = cart.count_up(3)
    for _ in range(3):
        seen.append((next(steps), cart.total))
    with pytest.raises(ValueError, match="after the last"):
        next(steps)
    assert seen == [(1, 1), (2, 2), (3, 3)]
    assert (cart.total, emitted(cart)) == (3, [0, 1, 2])


def test_generator_event_left_early_keeps_what_was_yielded() -> None:
    cart = _Cart()
    steps = cart.count_up(3)
    next(steps)
    steps.close()
    assert cart.total == 1


def test_generator_event_resumed_sees_concurrent_changes() -> None:
    cart = _Cart()
    steps = cart.count_up(2)
    next(steps)
    cart.add(10)
    assert next(steps) == 12
    assert cart.total == 12
    steps.close()


def test_generator_event_not_started_does_nothing() -> None:
    cart = _Cart()
    cart.count_up(3)
    assert cart.total == 0


async def test_async_generator_event_in_place_commits_at_each_yield() -> None:
    cart = _Cart()
    seen = []
    steps = cart.count_up_later(3)
    for _ in range(3):
        seen.append((await anext(steps), cart.total))
    with pytest.raises(ValueError, match="after the last"):
        await anext(steps)
    assert seen == [(1, 1), (2, 2), (3, 3)]
    assert cart.total == 3


async def test_async_generator_event_left_early_keeps_what_was_yielded() -> None:
    cart = _Cart()
    steps = cart.count_up_later(3)
    await anext(steps)
    await steps.aclose()
    assert cart.total == 1


def test_generator_event_closed_runs_its_finally_blocks() -> None:
    cleaned = []

    class Work(Entity):
        @event
        def steps(self) -> Iterator[int]:
            try:
                yield 1
            finally:
                cleaned.append(True)

    steps = Work().steps()
    next(steps)
    steps.close()
    assert cleaned == [True]


def test_generator_event_in_place_invalidates_containers_after_a_yield() -> None:
    class Box(Entity):
        rows: list[int] = Field(default_factory=list)

        @event
        def fill(self) -> Iterator[int]:
            rows = self.rows
            rows.append(1)
            yield 1
            self.rows.append(2)
            rows.append(3)

    box = Box()
    with pytest.raises(StaleDraftError, match=r"before a yield.*from `self` again"):
        list(box.fill())
    assert box.rows == [1]


@pytest.mark.parametrize("name", ["add", "add_later", "count_up", "count_up_later"])
def test_event_on_a_loaded_snapshot_names_dispatch(name: str) -> None:
    cart = stored(_Cart(), 3)
    message = rf"_Cart\.{name}\(\).*loaded _Cart.*await dispatch\(_cart\.do\.{name}\(…\)\)"
    with pytest.raises(FrozenEntityError, match=message):
        getattr(cart, name)(1)
    assert cart.total == 0


def test_event_of_a_base_on_a_loaded_snapshot_names_the_subclass() -> None:
    class Basket(_Cart):
        pass

    with pytest.raises(FrozenEntityError, match=r"^Basket\.add.*dispatch\(basket\.do\.add"):
        stored(Basket(), 1).add()


def test_event_inside_an_event_that_fails_is_a_savepoint() -> None:
    for second in (13, -5):
        cart = _Cart()
        cart.add_twice(second)
        assert (cart.total, cart._calls, cart.tags) == (1, 1, {"failed"})
        assert [line.qty for line in cart.lines] == [1, 50]
        assert emitted(cart) == ["added 1"]


def test_event_inside_an_event_that_succeeds_joins_it() -> None:
    cart = _Cart()
    cart.add_twice(2)
    assert (cart.total, cart.tags) == (3, set())
    assert [line.qty for line in cart.lines] == [1, 2, 50]


def _draft(cart: _Cart, lease: Lease | None = None) -> tuple[_Cart, Facts]:
    facts = Facts()
    return open_draft(cart, facts, lease), facts


@pytest.mark.parametrize("lease", [None, Lease()])
def test_savepoint_on_a_draft_undoes_every_kind_of_value(lease: Lease | None) -> None:
    class Wide(Entity, extra="allow"):
        rows: list[list[int]] = Field(default_factory=lambda: [[1]])
        by_name: dict[str, Any] = Field(default_factory=lambda: {"a": {1, 2}})
        line: _Line = Field(default_factory=_Line)
        _secret: list[int] = PrivateAttr(default_factory=lambda: [1])

        @event
        async def spoil(self) -> None:
            self.rows[0].append(2)
            self.rows.append([3])
            self.by_name["a"].add(3)
            self.by_name["b"] = 1
            self.line.qty = 9
            self._secret.append(2)
            self.more = 1
            await self.save()
            self.emit("spoilt")
            raise ValueError("spoilt")

    draft, facts = _draft(Wide(other=1), lease)
    before, inner, line = draft.model_dump(), draft.rows[0], draft.line
    with pytest.raises(ValueError, match="spoilt"):
        asyncio.run(draft.spoil())
    assert draft.model_dump() == before
    assert draft._secret == [1]
    assert (facts.emitted, facts.save) == ([], False)
    assert draft.rows[0] is inner
    assert draft.line is line


def test_savepoint_on_a_draft_in_a_generator_moves_with_each_yield() -> None:
    draft, facts = _draft(_Cart())
    with pytest.raises(ValueError, match="after the last"):
        list(draft.count_up(2))
    assert (draft.total, facts.emitted) == (2, [0, 1])


def test_savepoint_with_a_returned_snapshot_keeps_version_and_lease() -> None:
    class Functional(Entity):
        rows: list[int] = Field(default_factory=list)

        @event
        def more(self) -> Functional:
            return Functional(rows=[*self.rows, 1])

    lease = Lease()
    draft, _ = _draft(stored(Functional(id="f"), 5), lease)
    assert draft.more() is draft
    assert (draft.rows, draft.id, version_of(draft)) == ([1], "f", 5)
    lease.over = True
    with pytest.raises(StaleDraftError):
        draft.rows.append(2)


class _Functional(Entity):
    count: int = Field(0, ge=0)
    rows: list[int] = Field(default_factory=list)

    @event
    def evolved(self) -> _Functional:
        return self.evolve(count=self.count + 1)

    @event
    async def evolved_later(self) -> _Functional:
        return self.evolve(count=self.count + 1)

    @event
    def constructed(self) -> _Functional:
        return type(self)(count=self.count + 1)

    @event
    def itself(self) -> _Functional:
        self.count += 1
        return self

    @event
    def unchecked(self) -> _Functional:
        return self.model_copy(update={"count": -1})

    @event
    def itself_spoilt(self) -> _Functional:
        self.count = -1
        return self

    @event
    def other(self, other: _Functional) -> _Functional:
        return other


@pytest.mark.parametrize("name", ["evolved", "constructed", "itself"])
def test_functional_event_in_place_becomes_the_next_state(name: str) -> None:
    entity = _Functional(id="f")
    assert getattr(entity, name)() is entity
    assert (entity.id, entity.count) == ("f", 1)


async def test_functional_event_that_awaits_becomes_the_next_state() -> None:
    entity = _Functional()
    assert await entity.evolved_later() is entity
    assert entity.count == 1


@pytest.mark.parametrize("name", ["unchecked", "itself_spoilt"])
def test_functional_event_with_an_invalid_snapshot_is_rejected(name: str) -> None:
    entity = _Functional()
    with pytest.raises(InvalidStateError, match="greater than or equal to 0"):
        getattr(entity, name)()
    assert entity.count == 0


def test_functional_event_that_returns_another_record_changes_nothing() -> None:
    entity, other = _Functional(id="a"), _Functional(id="b", count=7)
    assert entity.other(other) is other
    assert (entity.id, entity.count) == ("a", 0)


def test_functional_event_does_not_share_the_returned_containers() -> None:
    entity, other = _Functional(id="a"), _Functional(id="a", rows=[1])
    entity.other(other)
    other.rows.append(2)
    assert entity.rows == [1]


def test_emit_outside_an_event_is_rejected() -> None:
    with pytest.raises(FrozenEntityError, match="emit"):
        _Cart().emit("fact")


async def test_save_outside_an_event_is_rejected() -> None:
    with pytest.raises(FrozenEntityError, match="save"):
        await _Cart().save()


def test_event_overridden_can_call_the_one_of_its_base() -> None:
    class Double(_Functional):
        @event
        def itself(self) -> Any:
            super().itself()
            return super().itself()

    double = Double()
    double.itself()
    assert double.count == 2


def test_event_overridden_by_a_method_is_no_event() -> None:
    class Plain(_Functional):
        def itself(self) -> Any:
            return "plain"

    assert "itself" not in Plain.__entity__.events
    assert Plain().itself() == "plain"


def test_draft_with_an_unknown_field_names_the_fields() -> None:
    class Typo(Entity):
        count: int = 0

        @event
        def miss(self) -> None:
            self.cuont = 1

    with pytest.raises(AttributeError, match="no field 'cuont'; its fields are id, count"):
        Typo().miss()


def test_draft_with_extras_takes_a_new_one() -> None:
    class Free(Entity, extra="allow"):
        @event
        def add(self) -> None:
            self.more = 1

    free = Free()
    free.add()
    assert free.more == 1


def test_draft_used_after_its_event_changes_nothing() -> None:
    remaining = []

    class Leaky(Entity):
        rows: list[int] = Field(default_factory=list)

        @event
        def leak(self) -> None:
            remaining.append(self)

    leaky = Leaky()
    leaky.leak()
    remaining[0].rows.append(1)
    assert leaky.rows == []


def _field_first() -> None:
    class Bad(Entity):
        total: int = 0

        @event
        def total(self) -> None:  # noqa: F811 - the very mistake
            """Nothing."""


def _event_first() -> None:
    class Bad(Entity):
        @event
        def total(self) -> None:
            """Nothing."""

        total: int = 0  # noqa: F811 - the very mistake


def _event_first_no_default() -> None:
    class Bad(Entity):
        @event
        def total(self) -> None:
            """Nothing."""

        total: int


def _event_on_inherited_field() -> None:
    class Base(Entity):
        total: int = 0

    class Bad(Base):
        @event
        def total(self) -> None:
            """Nothing."""


def _field_on_inherited_event() -> None:
    class Base(Entity):
        @event
        def total(self) -> None:
            """Nothing."""

    class Bad(Base):
        total: int = 0


def _bare_field_on_inherited_event() -> None:
    class Base(Entity):
        @event
        def total(self) -> None:
            """Nothing."""

    class Bad(Base):
        total: int


@pytest.mark.filterwarnings("ignore:Field name .* shadows:UserWarning")
@pytest.mark.parametrize(
    "define",
    [_field_first, _event_first, _event_first_no_default, _event_on_inherited_field,
     _field_on_inherited_event, _bare_field_on_inherited_event],
)  # fmt: skip
def test_event_named_like_a_field_is_a_definition_error(define: Callable[[], None]) -> None:
    with pytest.raises(ConfigurationError, match=r"Bad\.total is both a field and an event"):
        define()


def test_event_corrected_definition_is_accepted() -> None:
    with pytest.raises(ConfigurationError):
        _event_first()

    class Bad(Entity):
        total: int = 0

    assert Bad().total == 0


def test_event_kind_is_detected() -> None:
    kinds = {name: made.kind for name, made in _Cart.__entity__.events.items()}
    assert kinds == {
        "add": "sync", "add_later": "async", "count_up": "generator",
        "count_up_later": "async_generator", "add_twice": "sync",
    }  # fmt: skip
    assert _Cart.__entity__.events["add_twice"].title == "Add twice"


def test_close_draft_of_a_nested_event_keeps_the_snapshot_untouched() -> None:
    cart = _Cart()
    draft, _ = _draft(cart)
    draft.add(2)
    assert cart.total == 0
    assert close_draft(draft).total == 2
