"""An entity type with a field of every type, and hypothesis strategies for its values."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, NaiveDatetime, SecretStr

from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field


class Grade(enum.Enum):
    LOW = "l"
    HIGH = "h"


class Step(enum.IntEnum):
    FIRST = 1
    LAST = 10


class Address(BaseModel):
    street: str = ""
    since: dt.date | None = None
    pin: str = Field(default="", exclude=True)


# The underscore excludes the class from the entity types of `create_app()`.
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
    either: int | str | float = 0
    names: list[str] = Field(default_factory=list)
    group: set[int] = Field(default_factory=set)
    pair: tuple[int, str] = (0, "")
    by_day: dict[dt.date, Decimal] = Field(default_factory=dict)
    anything: Any = None
    home: Address = Address()
    homes: list[Address] = Field(default_factory=list)
    pass_word: SecretStr = SecretStr("")
    folder: Path | None = None


Value: TypeAlias = _Value
# A server's column stores the value, not its spelling.
BY_VALUE = {"money", "price", "zoned"}

SPECIAL = ["\0", "\1", "\1\2", "a\0\1b", "😀🖊", "'; --", "\\", "%s", "a ", " a", "e\u0301", "\x1a"]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.sampled_from(SPECIAL)
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
MONEY = st.decimals(-(10**20), 10**20, places=4) | st.decimals(-(10**9), 10**9, places=0)
ANY_MONEY = st.decimals(allow_nan=False, allow_infinity=False)
PRICE = st.decimals(-(10**8), 10**8, places=3)
REAL = st.floats(allow_nan=False, allow_infinity=False)
ZONE = st.integers(-1439, 1439).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
FIRST_DAY, LAST_DAY = dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29)
SPAN = st.timedeltas(dt.timedelta(days=-100_000_000), dt.timedelta(days=100_000_000))
ATOM = st.one_of(
    TEXT, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.binary(),
    ANY_MONEY, st.uuids(), st.datetimes(FIRST_DAY, LAST_DAY, timezones=st.none() | ZONE),
    st.dates(), st.times(), SPAN,
)  # fmt: skip
ANYTHING = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(TEXT | st.sampled_from(["$set", "$dict"]), inner, max_size=3),
        st.dictionaries(st.integers() | st.dates(), inner, max_size=2),
        st.tuples(inner),
        st.sets(TEXT, max_size=3),
    ),
    max_leaves=8,
)
HOME = st.builds(Address, street=TEXT, since=st.none() | st.dates(), pin=TEXT)


def values(*, wide: bool) -> st.SearchStrategy[Value]:
    """Values of every field; wide includes those that only SQLite stores."""
    start = FIRST_DAY if wide else dt.datetime(1000, 1, 3)
    moments = st.datetimes(start, LAST_DAY, timezones=ZONE)
    local = st.datetimes(start)
    return st.builds(
        Value,
        text=TEXT, short=TEXT.map(lambda t: t[:6]), whole=WHOLE, maybe=st.none() | WHOLE,
        real=st.floats() if wide else REAL, truth=st.booleans(), raw=st.binary(max_size=20),
        money=ANY_MONEY if wide else MONEY, price=PRICE, key=st.uuids(),
        moment=st.none() | moments | local, zoned=moments, local=local,
        day=st.dates(start.date()), hour=st.times(), span=SPAN,
        grade=st.none() | st.sampled_from(Grade), step=st.sampled_from(Step),
        word=st.sampled_from(["a", "b"]), either=st.integers() | TEXT | REAL,
        names=st.lists(TEXT, max_size=3), group=st.sets(st.integers(), max_size=3),
        pair=st.tuples(st.integers(), TEXT),
        by_day=st.dictionaries(st.dates(), ANY_MONEY, max_size=2), anything=ANYTHING,
        home=HOME, homes=st.lists(HOME, max_size=2), pass_word=TEXT.map(SecretStr),
        folder=st.none() | st.just(Path("/tmp/x")),  # noqa: S108 - a value, never opened
    )  # fmt: skip


# Types that every database orders as Python does.
SORTED = (
    "text", "short", "whole", "maybe", "real", "truth", "raw", "money", "price", "key", "moment",
    "zoned", "local", "day", "hour", "span", "step", "word",
)  # fmt: skip
