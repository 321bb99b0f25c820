"""The wire format of bus messages."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import json
import uuid
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.app.bus import InProcessBus
from starmodel.app.ports import codec
from starmodel.app.ports.codec import MAX_MESSAGE_BYTES, VERSION, MessageFormatError, decode, encode
from starmodel.app.ports.messages import Changed, Emitted, Kind, SessionEnded

TEXT = st.text(st.characters(exclude_categories=()))  # half surrogate pairs included
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False) | TEXT
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            TEXT | st.sampled_from(["$uuid", "$dict", "v", "type"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
STATES = st.dictionaries(TEXT, JSON, max_size=6)
IDS = st.recursive(
    st.integers()
    | TEXT
    | st.uuids()
    | st.dates()
    | st.datetimes().map(lambda moment: moment.replace(fold=0))  # ISO texts have no fold
    | st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.replace(fold=0))
    | st.times().map(lambda hour: hour.replace(fold=0))
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.binary()
    | st.booleans(),
    lambda inner: st.tuples(inner, inner),
    max_leaves=3,
)
KINDS = st.sampled_from([kind for kind in get_args(Kind) if kind not in ("closed", "reopened")])
CHANGES = st.builds(
    Changed, TEXT, IDS, KINDS, st.integers(0), st.integers(-1), STATES | st.none(),
    st.lists(TEXT, max_size=4).map(tuple), st.dictionaries(TEXT, SCALARS, max_size=4),
    st.just(frozenset()), st.just(frozenset()),
)  # fmt: skip
MESSAGES = CHANGES | st.builds(Emitted, TEXT, JSON, TEXT, TEXT) | st.builds(SessionEnded, TEXT)


def typed(value: Any) -> Any:
    """The value with the type of each part, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [typed(item) for item in value]
    return type(value), value


def parts(message: Any) -> Any:
    if isinstance(message, Changed):
        return typed(message._asdict() | {"before": dict(message.before)})
    return typed({name: getattr(message, name) for name in type(message).__slots__})


@given(MESSAGES)
def test_decode_returns_the_message_with_every_type(message: Any) -> None:
    data = encode(message)
    found = decode(data)
    assert type(found) is type(message)
    assert parts(found) == parts(message)
    assert encode(found) == data
    if isinstance(message, Changed):
        assert found.topic == message.topic  # type: ignore[union-attr]


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_decode_of_other_bytes_raises_only_the_format_error(data: bytes) -> None:
    with pytest.raises(MessageFormatError):
        decode(data)


@given(MESSAGES, st.data())
def test_decode_of_a_damaged_message_raises_only_the_format_error(message: Any, data: Any) -> None:
    fields = json.loads(encode(message))
    name = data.draw(st.sampled_from(sorted(fields)))
    if data.draw(st.booleans()):
        del fields[name]
    else:
        fields[name] = data.draw(JSON)
    with contextlib.suppress(MessageFormatError):
        decode(json.dumps(fields).encode())


@pytest.mark.parametrize("version", [0, VERSION + 1, "1", None, True])
def test_decode_rejects_another_version(version: Any) -> None:
    fields = json.loads(encode(SessionEnded("ann"))) | {"v": version}
    with pytest.raises(MessageFormatError, match=r"format version .*; this build reads 1"):
        decode(json.dumps(fields).encode())


def test_decode_rejects_an_unknown_type() -> None:
    fields = json.loads(encode(SessionEnded("ann"))) | {"type": "renamed"}
    with pytest.raises(MessageFormatError, match="type 'renamed'; expected one of changed"):
        decode(json.dumps(fields).encode())


def test_decode_rejects_unknown_fields() -> None:
    fields = json.loads(encode(SessionEnded("ann"))) | {"reason": "sign-out"}
    with pytest.raises(MessageFormatError, match="reason"):
        decode(json.dumps(fields).encode())


def test_decode_rejects_deep_nesting() -> None:
    with pytest.raises(MessageFormatError):
        decode(b'{"v":1,"type":"emitted","data":' + b"[" * 100_000)


class Colour(enum.Enum):
    RED = "red"


class Word(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize("id", [Colour.RED, PurePosixPath("a"), (Colour.RED, 1)])
def test_encode_rejects_an_id_that_json_does_not_preserve(id: Any) -> None:
    with pytest.raises(MessageFormatError, match="does not preserve"):
        encode(Changed("Item", id, "updated", 2, 1, {}))


def test_id_of_a_string_enum_keeps_its_topic() -> None:
    message = Changed("Item", Word.RED, "updated", 2, 1, {})
    assert decode(encode(message)).topic == message.topic == "Item:red"  # type: ignore[union-attr]


def test_encode_rejects_the_kind_for_one_viewer() -> None:
    with pytest.raises(MessageFormatError, match="closed"):
        encode(Changed("Item", "1", "closed", 2, 1, None))


@pytest.mark.parametrize("value", [1, "text", None, object()])
def test_encode_rejects_what_is_no_message(value: Any) -> None:
    with pytest.raises(MessageFormatError, match="expected one of Changed, Emitted, SessionEnded"):
        encode(value)


def test_size_is_bounded_in_both_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    message = Changed("Item", "1", "updated", 2, 1, {"text": "x" * 500})
    data = encode(message)
    monkeypatch.setattr(codec, "MAX_MESSAGE_BYTES", len(data))
    assert decode(encode(message)) == message
    monkeypatch.setattr(codec, "MAX_MESSAGE_BYTES", len(data) - 1)
    with pytest.raises(MessageFormatError, match="bytes as a message"):
        encode(message)
    with pytest.raises(MessageFormatError, match="bytes arrived"):
        decode(data)
    assert MAX_MESSAGE_BYTES == 16 * 1024 * 1024


def test_version_1_is_what_it_was() -> None:
    """Changing these bytes needs another VERSION."""
    id = uuid.UUID(int=7)
    change = Changed("Item", id, "updated", 2, 1, {"price": "1.10"}, ("price",), {"price": "1"})
    assert encode(change) == (
        b'{"v":1,"type":"changed","entity":"Item",'
        b'"id":{"$uuid":"00000000-0000-0000-0000-000000000007"},"kind":"updated","version":2,'
        b'"base":1,"state":{"price":"1.10"},"fields":["price"],"before":{"price":"1"}}'
    )
    assert encode(Emitted("Sold", {"price": Decimal("1.10")}, "Item:7", "c1")) == (
        b'{"v":1,"type":"emitted","name":"Sold","data":{"price":{"$decimal":"1.10"}},'
        b'"entity":"Item:7","command":"c1"}'
    )
    assert encode(SessionEnded("v1")) == b'{"v":1,"type":"session_ended","visitor":"v1"}'


async def test_serialising_bus_delivers_a_copy() -> None:
    bus, found = InProcessBus(serialise=True), list[Any]()

    async def handler(message: Any) -> None:
        found.append(message)

    bus.subscribe(handler)
    message = Changed("Item", 1, "updated", 2, 1, {"tags": ["a"]})
    await bus.publish(message)
    assert found == [message]
    assert found[0].state["tags"] is not message.state["tags"]  # type: ignore[index]
    with pytest.raises(MessageFormatError):
        await bus.publish("text")  # type: ignore[arg-type]
