"""One JSON encoding for every value that can be stored."""

from __future__ import annotations

import base64
import dataclasses
import enum
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel, SecretStr, field_serializer
from pydantic_core import PydanticSerializationError, from_json

from starmodel import Entity
from starmodel import Field as EntityField
from starmodel.core.commands import CommandRecord, plain
from starmodel.core.public_state import public_state
from starmodel.core.values.json_data import bytes_of, bytes_text, exact_json, json_data, with_bytes

ODD = "data:;base64,/w=="


class Part(BaseModel):
    raw: bytes = b"\xff"
    name: str = Field(default="n", alias="Name")
    pin: SecretStr = SecretStr("1234")
    at: int = 5

    @field_serializer("at", when_used="json")
    def written(self, at: int) -> str:
        return f"<{at}>"


@dataclasses.dataclass
class Plain:
    raw: bytes = b"\xff"


class Root(RootModel[list[bytes]]):
    pass


class Kind(enum.Enum):
    ODD = b"\xff"


@given(st.binary() | st.text().map(str.encode) | st.just(ODD.encode()))
def test_bytes_text_round_trips(value: bytes) -> None:
    found = bytes_of(bytes_text(value))
    assert (found if isinstance(found, bytes) else found.encode()) == value


def test_bytes_text_keeps_utf8_readable() -> None:
    assert bytes_text("grün".encode()) == "grün"
    assert bytes_text(b"\xff") == ODD
    assert bytes_text(ODD.encode()) == "data:;base64," + base64.b64encode(ODD.encode()).decode()


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (b"\xff", ODD),
        (bytearray(b"\xff"), ODD),
        ([b"\xff", 1], [ODD, 1]),
        ((b"\xff",), [ODD]),
        (deque([b"\xff"]), [ODD]),
        (frozenset([b"\xff"]), [ODD]),
        ({"a": {"b": b"\xff"}}, {"a": {"b": ODD}}),
        ({b"\xff": 1, 2: 3}, {ODD: 1, "2": 3}),
        (Kind.ODD, ODD),
        (Plain(), {"raw": ODD}),
        (Root([b"\xff"]), [ODD]),
        (Part(), {"raw": ODD, "Name": "n", "pin": "**********", "at": "<5>"}),
        ([Part()], [{"raw": ODD, "Name": "n", "pin": "**********", "at": "<5>"}]),
        ({"\ud800": 1}, {"\ufffd": 1}),
    ],
    ids=repr,
)
def test_json_data_of_bytes_anywhere(value: Any, data: Any) -> None:
    assert json_data(value) == data
    assert plain(value) == data
    assert from_json(exact_json(value)) == data


def test_json_bytes_writes_half_a_surrogate_pair() -> None:
    assert from_json(exact_json(["\ud800", {"\udfff": 1}])) == ["\ufffd", {"\ufffd": 1}]


def test_json_data_rejects_unserialisable_values() -> None:
    with pytest.raises(PydanticSerializationError):
        json_data([b"\xff", object()])
    assert json_data([b"\xff", 1j, Ellipsis], fallback=repr) == [ODD, "1j", "Ellipsis"]


def test_public_state_encodes_bytes_and_omits_private_fields() -> None:
    class Photo(Entity):
        raw: bytes = b"\xff"
        text: bytes = ODD.encode()
        part: Part = Part()
        anything: Any = None
        own: bytes = b"\xfe"
        secret: bytes = EntityField(default=b"\xff", private=True)

        @field_serializer("own")
        def hexadecimal(self, own: bytes) -> str:
            return own.hex()

    state = public_state(Photo(id="1", anything={"x": [b"\xff"]}))

    assert state == {
        "id": "1",
        "raw": ODD,
        "text": bytes_text(ODD.encode()),
        "part": {"raw": ODD, "name": "n", "at": "<5>", "pin": "**********"},
        "anything": {"x": [ODD]},
        "own": "fe",
    }


def test_command_record_with_bytes_round_trips() -> None:
    record = CommandRecord("1", "Photo:1", "draw", {"a": plain(b"\xff")}, None, None, 1.0)
    assert CommandRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    ("annotation", "value", "read"),
    [
        (bytes, ODD, b"\xff"),
        (bytes | None, "abc", "abc"),
        (bytes, "data:;base64,!", "data:;base64,!"),
        (str, ODD, ODD),
        (list[bytes], [ODD, "a"], [b"\xff", "a"]),
        (tuple[str, bytes], [ODD, ODD], [ODD, b"\xff"]),
        (tuple[bytes, ...], [ODD, ODD], [b"\xff", b"\xff"]),
        (dict[str, list[bytes]], {ODD: [ODD]}, {ODD: [b"\xff"]}),
        (Part, {"raw": ODD, "Name": ODD}, {"raw": b"\xff", "Name": ODD}),
        (list[Part | None], [{"raw": ODD}], [{"raw": b"\xff"}]),
        (Root, [ODD], [b"\xff"]),
        (Any, ODD, ODD),
    ],
)
def test_with_bytes_decodes_only_where_the_type_has_bytes(
    annotation: Any, value: Any, read: Any
) -> None:
    assert with_bytes(annotation, value) == read
