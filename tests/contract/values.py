"""An entity with a field of each kind, and any values for it."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, NaiveDatetime

from starmodel.app.ports import Change
from starmodel.core.entity import Entity
from starmodel.core.fields import Field


class Grade(enum.Enum):
    LOW = "l"
    HIGH = "h"


class Step(enum.IntEnum):
    FIRST = 1
    LAST = 10


class Address(BaseModel):
    street: str = ""
    since: dt.date | None = None


# Underscored, so that `create_app()` does not take it for the application's own.
class _Value(Entity):
    text: str = ""
    short: str = Field(default="", max_length=12)
    whole: int = 0
    maybe: int | None = None
    real: float = 0.0
    truth: bool = False
    raw: bytes = b""
    money: Decimal = Decimal(0)
    price: Decimal = Field(default=Decimal(0), max_digits=12, decimal_places=3)
    key: uuid.UUID = uuid.UUID(int=0)
    moment: dt.datetime | None = None
    zoned: AwareDatetime = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    local: NaiveDatetime = dt.datetime(2000, 1, 1)
    day: dt.date = dt.date(2000, 1, 1)
    hour: dt.time = dt.time(0)
    span: dt.timedelta = dt.timedelta(0)
    grade: Grade | None = None
    step: Step = Step.FIRST
    word: Literal["a", "b"] = "a"
    either: int | str = 0
    names: list[str] = Field(default_factory=list)
    group: set[int] = Field(default_factory=set)
    by_day: dict[dt.date, Decimal] = Field(default_factory=dict)
    anything: Any = None
    home: Address = Address()
    homes: list[Address] = Field(default_factory=list)


Value: TypeAlias = _Value
SPECIAL = ["\0", "\1", "\1\2", "a\0\1b", "😀🖊", "'; --", "\\", "%s", "a ", " a", "e\u0301", "\x1a"]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.sampled_from(SPECIAL)
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
MONEY = st.decimals(-(10**20), 10**20, places=4) | st.decimals(-(10**9), 10**9, places=0)
PRICE = st.decimals(-(10**8), 10**8, places=3)
ZONE = st.integers(-1439, 1439).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
ZONED = st.datetimes(dt.datetime(1000, 1, 3), dt.datetime(9999, 12, 29), timezones=ZONE)
LOCAL = st.datetimes(dt.datetime(1000, 1, 1))
DAY = st.dates(dt.date(1000, 1, 1))
SPAN = st.timedeltas(dt.timedelta(days=-100_000_000), dt.timedelta(days=100_000_000))
REAL = st.floats(allow_nan=False, allow_infinity=False)
HOME = st.builds(Address, street=TEXT, since=st.none() | st.dates())
ANY = st.none() | TEXT | st.integers() | st.lists(TEXT, max_size=2) | ZONED | MONEY
VALUES = st.builds(
    Value,
    text=TEXT, short=TEXT.map(lambda t: t[:6]), whole=WHOLE, maybe=st.none() | WHOLE, real=REAL,
    truth=st.booleans(), raw=st.binary(max_size=20), money=MONEY, price=PRICE, key=st.uuids(),
    moment=st.none() | ZONED | LOCAL, zoned=ZONED, local=LOCAL, day=DAY, hour=st.times(),
    span=SPAN, grade=st.none() | st.sampled_from(Grade), step=st.sampled_from(Step),
    word=st.sampled_from(["a", "b"]), either=st.integers() | TEXT,
    names=st.lists(TEXT, max_size=3), group=st.sets(st.integers(), max_size=3),
    by_day=st.dictionaries(st.dates(), MONEY, max_size=2), anything=ANY, home=HOME,
    homes=st.lists(HOME, max_size=2),
)  # fmt: skip

ASKED = (
    "text", "short", "whole", "maybe", "real", "truth", "raw", "money", "price", "key", "moment",
    "zoned", "local", "day", "hour", "span", "step", "word",
)  # fmt: skip


def insert(entity: Entity) -> Change:
    return Change(type(entity), entity.id, "insert", 0, 1, entity)


def delete(entity: Entity) -> Change:
    return Change(type(entity), entity.id, "delete", 1, 2)
