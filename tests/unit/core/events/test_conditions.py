"""`@event(when=…)`: the declaration, and its decision in plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import pytest

from starmodel import ConfigurationError, Entity, EventUnavailableError, event
from starmodel.access import now, record
from starmodel.core.errors import ConditionFailedError, NotLoadedError
from starmodel.core.events.conditions import takes_actor


class _Order(Entity):
    model_config = {"scope": "record"}
    status: Literal["draft", "placed", "packed"] = "draft"
    lines: int = 0

    @event(when=record.status == "placed", when_text="Only placed orders can be packed.")
    def pack(self) -> None:
        self.status = "packed"

    @event(when=lambda order: order.lines > 0)
    def place(self) -> None:
        self.status = "placed"

    @event(
        when=lambda order, actor: order.status == "packed",
        when_text=lambda order: f"The order is {order.status}.",
    )
    async def ship(self) -> None:
        self.lines = 0

    @event(when=lambda order: order.missing)
    def broken(self) -> None:
        self.lines = 1

    @event
    def pack_now(self) -> None:
        self.pack()


def test_local_call_whose_rule_is_not_met_raises_the_reason_and_changes_nothing() -> None:
    order = _Order()
    with pytest.raises(EventUnavailableError, match=r"^Only placed orders can be packed\.$"):
        order.pack()
    assert order.status == "draft"
    order = _Order(status="placed")
    order.pack()
    assert order.status == "packed"


def test_local_call_asks_a_function_of_the_record() -> None:
    with pytest.raises(EventUnavailableError, match="“Place” is not possible now"):
        _Order().place()
    order = _Order(lines=1)
    order.place()
    assert order.status == "placed"


async def test_local_call_words_the_reason_by_the_state() -> None:
    with pytest.raises(EventUnavailableError, match=r"The order is draft\."):
        await _Order().ship()
    order = _Order(status="packed", lines=2)
    await order.ship()
    assert order.lines == 0


def test_nested_call_on_a_draft_asks_too_and_the_outer_event_rolls_back() -> None:
    order = _Order()
    with pytest.raises(EventUnavailableError):
        order.pack_now()
    assert order.status == "draft"


def test_condition_that_raises_is_an_error_of_its_own() -> None:
    with pytest.raises(ConditionFailedError) as caught:
        _Order().broken()
    assert isinstance(caught.value.__cause__, AttributeError)


class ConditionBuyer(Entity):
    model_config = {"store": "sql", "access": "public"}
    blocked: bool = False


class ConditionSale(Entity):
    model_config = {"store": "sql", "access": "public"}
    buyer: ConditionBuyer

    @event(when=record.buyer.blocked == False)  # noqa: E712
    def confirm(self) -> None:
        pass


class _Offer(Entity):
    model_config = {"scope": "record"}
    until: date = date.min

    @event(when=record.until >= now)
    def accept(self) -> None:
        pass


def test_rule_about_the_time_is_decided_without_an_application() -> None:
    _Offer(until=date.today() + timedelta(days=3)).accept()
    with pytest.raises(EventUnavailableError):
        _Offer().accept()


def test_rule_over_a_relation_needs_dispatch() -> None:
    with pytest.raises(NotLoadedError, match="dispatch"):
        ConditionSale(buyer_id="c1").confirm()


async def _awaited(order: Any) -> bool:
    return True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"when": "signed_in"}, "record.status == 'draft'"),
        ({"when": True}, "expected a rule"),
        ({"when": _awaited}, "not awaited"),
        ({"visible": lambda: True}, "a function of the record"),
        ({"visible": lambda a, b, c: True}, "a function of the record"),
        ({"when": lambda order: True, "when_text": 3}, "expected a text"),
        ({"when_text": "No."}, "needs a condition"),
        ({"shortcut": "Enter"}, "'alt\\+p'"),
        ({"shortcut": "ctrl+p"}, "'alt\\+p'"),
    ],
)
def test_wrong_option_is_refused_where_it_is_declared(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):

        @event(**options)
        def pack(self: Any) -> None:
            pass


def test_function_takes_the_actor_only_where_it_must() -> None:
    assert not takes_actor(lambda record: True)
    assert not takes_actor(lambda record, actor=None: True)
    assert takes_actor(lambda record, actor: True)
