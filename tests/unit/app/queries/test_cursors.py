"""Cursors decode to the position that they encode, for their own query only."""

import enum
import uuid
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Literal

import pytest
from pydantic import FutureDate, PastDatetime

from starmodel import Entity, EntityConfig
from starmodel.adapters.encryption import AesCipher
from starmodel.app.ports.ordering import position_of
from starmodel.app.ports.query import Query
from starmodel.app.queries.cursors import Cursors
from starmodel.core.errors import RequestError


class Level(enum.Enum):
    LOW = 1
    HIGH = ("h", 2)


def _entity():
    class Thing(Entity):
        model_config = EntityConfig(scope="record")
        id: uuid.UUID = uuid.UUID(int=5)
        text: str = ""
        either: int | str | None = None
        real: float = 0.0
        money: Decimal = Decimal(0)
        level: Level | None = None
        word: Literal["a", 2] = "a"
        at: datetime = datetime(2000, 1, 1)
        began: PastDatetime | None = None
        due: FutureDate | None = None
        hour: time = time(1)
        span: timedelta = timedelta(0)
        raw: bytes = b""
        path: PurePosixPath = PurePosixPath("a")

    return Thing


Thing = _entity()
CURSORS = Cursors(AesCipher(["a" * 40], "cursor"))
cursor_behind, position_at = CURSORS.behind, CURSORS.position
SECONDS = timezone(timedelta(hours=1, seconds=7))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "é\0\"\n😀"), ("either", "5"), ("either", 5), ("either", None),
        ("real", 0.1 + 0.2), ("real", float("inf")), ("real", -1e-320),
        ("money", Decimal("1.10")), ("money", Decimal("1E+30")),
        ("level", Level.HIGH), ("level", None), ("word", 2),
        ("at", datetime(2000, 1, 1, 1, 2, 3, 4, tzinfo=SECONDS)), ("at", datetime.max),
        ("began", datetime(2999, 1, 1, tzinfo=UTC)), ("due", date(1999, 1, 1)),
        ("hour", time(1, 2, 3, 4, tzinfo=SECONDS)), ("span", timedelta(-1, microseconds=7)),
        ("raw", b"\xff\0"), ("path", PurePosixPath("/a/b")),
    ],
    ids=repr,
)  # fmt: skip
def test_position_round_trips_after_validators_changed(name, value):
    thing = Thing.model_construct(**(Thing().__dict__ | {name: value}))
    query = Query(Thing, order=((name, True),))

    position = position_at(query, cursor_behind(query, thing))

    assert position == position_of(thing, query.order)
    assert [type(part) for part in position] == [type(value), uuid.UUID]


def test_cursor_is_url_safe():
    cursor = cursor_behind(Query(Thing, order=(("text", False),)), Thing(text="ÿþ??>>"))

    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert len(cursor) < 140


def test_cursor_reveals_no_value_or_length():
    query = Query(Thing, order=(("text", False),))
    texts = ["", "a" * 9, "secret"]

    cursors = [cursor_behind(query, Thing(text=text)) for text in texts * 2]
    sealed = [urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) for cursor in cursors]

    assert len({len(each) for each in sealed}) == 1
    assert len(set(sealed)) == len(sealed)  # equal places are not recognised either
    assert not any(b"secret" in each or b"00000005" in each for each in sealed)


def test_cursor_is_bound_to_its_actor_and_survives_key_rotation():
    query, thing = Query(Thing), Thing()
    cursor = cursor_behind(query, thing, "ann")

    for reader in ("", "bob", "ann "):
        with pytest.raises(RequestError, match="is none of Thing"):
            position_at(query, cursor, reader)
    rotated = Cursors(AesCipher(["b" * 40, "a" * 40], "cursor"))
    assert rotated.position(query, cursor, "ann") == (thing.id,)
    for secrets, purpose in ((["b" * 40], "cursor"), (["a" * 40], "other")):
        with pytest.raises(RequestError, match="is none of Thing"):
            Cursors(AesCipher(secrets, purpose)).position(query, cursor, "ann")


def test_cursor_of_another_order_or_with_invalid_signature_is_rejected():
    query = Query(Thing, order=(("text", False),))
    cursor = cursor_behind(query, Thing(text="a"))

    for other in (Query(Thing), Query(Thing, order=(("text", True),))):
        with pytest.raises(RequestError, match="Ask with the same order as before"):
            position_at(other, cursor)
    for at in range(len(cursor)):
        damaged = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        for wrong in (damaged, cursor[:at], cursor[:at] + "!" + cursor[at:]):
            if wrong:
                with pytest.raises(RequestError, match=r"or start again with \?cursor="):
                    position_at(query, wrong)
    assert position_at(query, "") is None
