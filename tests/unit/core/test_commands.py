"""Actions are plain data; command records round-trip through JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from starmodel.core.commands import Action, CommandRecord, plain
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import event
from starmodel.core.snapshot import stored


class _Stock(Entity):
    count: int = 0

    @event
    def adjust(self, delta: int, reason: str = "", *, loud: bool = False) -> None:
        self.count += delta

    @event
    def label(self, **texts: str) -> None:
        """Nothing."""

    @event
    async def wait(self) -> None:
        """Nothing."""


def test_action_of_a_class_holds_the_arguments_by_name() -> None:
    assert _Stock.adjust(1, "sold", loud=True) == Action(
        _Stock, "adjust", {"delta": 1, "reason": "sold", "loud": True}, None
    )


def test_action_without_arguments_leaves_them_open() -> None:
    assert _Stock.adjust().args == {}
    assert _Stock.adjust(reason="sold").args == {"reason": "sold"}


def test_action_of_one_record_names_it() -> None:
    stock = stored(_Stock(id="s1"), 1)
    assert stock.do.adjust(2) == Action(_Stock, "adjust", {"delta": 2}, "s1")
    assert stock.do.update(count=3) == Action(_Stock, "update", {"count": 3}, "s1")
    assert stock.do.delete() == Action(_Stock, "delete", {}, "s1")


def test_action_with_free_arguments_keeps_each_name() -> None:
    assert _Stock.label(en="Pen", texts="x").args == {"en": "Pen", "texts": "x"}


@pytest.mark.parametrize(
    ("args", "kwargs"), [((1, "a", 3), {}), ((1,), {"delta": 2}), ((), {"detla": 1})]
)
def test_action_with_bad_arguments_names_class_and_event(args: Any, kwargs: Any) -> None:
    with pytest.raises(TypeError, match=r"^_Stock\.adjust: "):
        _Stock.adjust(*args, **kwargs)


def test_action_of_an_unknown_event_names_those_there_are() -> None:
    with pytest.raises(
        AttributeError, match="no event 'ajust'; it has adjust, label, wait, create"
    ):
        _Stock().do.ajust(1)


def test_action_of_a_subclass_names_the_subclass() -> None:
    class Special(_Stock):
        pass

    assert Special.adjust(1).entity is Special


def test_action_rendered_without_application_names_the_remedy() -> None:
    with pytest.raises(ConfigurationError, match=r"create_app\(entities=\[_Stock\]\)"):
        str(_Stock.adjust(1))


def test_plain_of_a_secret_masks_it() -> None:
    assert "hunter2" not in repr(plain({"key": SecretStr("hunter2")}))


NAMES = st.text(st.sampled_from('aZ0é"\\/\n\0\x7f\u2028\ufffe😀:'))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(
    NAMES,
    st.dictionaries(NAMES, JSON, max_size=4),
    st.none() | NAMES,
    st.floats(0, 1e12),
    st.integers(0, 2**70),
)
def test_record_through_json_is_the_same(
    name: str, args: dict[str, Any], who: str | None, at: float, version: int
) -> None:
    record = CommandRecord(name, f"Stock:{name}", "adjust", args, who, who, at, version)
    assert CommandRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '"x"', "null",
        '{"id":"1","entity":"A","event":"e","args":{},"actor":null,"session":null,"at":1,"version":0,"more":1}',
        '{"id":1,"entity":"A","event":"e","args":{},"actor":null,"session":null,"at":1,"version":0}',
        '{"id":"1","entity":"A","event":"e","args":[],"actor":null,"session":null,"at":1,"version":0}',
        '{"id":"1","entity":"A","event":"e","args":{},"actor":null,"session":null,"at":"1","version":0}',
    ],
)  # fmt: skip
def test_record_from_anything_else_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        CommandRecord.from_json(text)


def test_record_is_frozen() -> None:
    record = CommandRecord("1", "Stock", "adjust", {}, None, None, 0.0)
    with pytest.raises(AttributeError):
        record.event = "other"  # type: ignore[misc]
