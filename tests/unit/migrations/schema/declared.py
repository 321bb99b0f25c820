"""Entity classes with every declaration that a table can have, by subject."""

from __future__ import annotations

import datetime
import decimal
import enum
import itertools
import uuid
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, EmailStr, NaiveDatetime, SecretStr
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    column,
    desc,
    func,
    text,
    true,
)
from sqlalchemy import Enum as SaEnum
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB
from sqlmodel import SQLModel

from starmodel import Entity, Field
from starmodel.core.classes.registry import EntityType, entity_type
from starmodel.sql import BaseTable

_numbers = itertools.count()


class Colour(enum.Enum):
    RED = "red"
    SCARLET = "red"  # noqa: PIE796 - an alias
    BLUE = "blue"


class Rating(enum.Enum):
    G = "G"
    PG13 = "PG-13"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Geo(BaseModel):
    lat: float = 0
    lon: float = 0


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    geo: Geo | None = None


class Trimmed(TypeDecorator[str]):
    """A type of an application."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value and value.strip()


class Cents(Numeric):  # type: ignore[type-arg]
    """A subclass of SQLAlchemy's type, with arguments of its own."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(12, 2)


def scalars() -> list[type[Entity]]:
    class Scalars(Entity):
        text: str
        short: str = Field("x", max_length=10)
        whole: int = 3
        yes: bool = True
        ratio: float = 1.5
        raw: bytes = b"\xff"
        price: decimal.Decimal = decimal.Decimal("1.50")
        digits: decimal.Decimal = Field(decimal.Decimal(1), max_digits=8, decimal_places=2)
        key: uuid.UUID = uuid.UUID(int=7)
        moment: datetime.datetime = datetime.datetime(2026, 1, 2, 3, 4, 5)
        aware: AwareDatetime | None = None
        naive: NaiveDatetime = datetime.datetime(2026, 1, 2)
        day: datetime.date = datetime.date(2026, 1, 2)
        at: datetime.time = datetime.time(12, 30)
        span: datetime.timedelta = datetime.timedelta(hours=1)
        mail: EmailStr | None = None
        state: Literal["draft", "sent"] = "draft"
        number: Literal[1, 2, None] = None
        secret: SecretStr = SecretStr("s")
        bounded: Annotated[int, Field(ge=0, lt=10)] = 1

    return [Scalars]


def enums() -> list[type[Entity]]:
    class Enums(Entity):
        colour: Colour = Colour.RED
        maybe: Colour | None = None
        size: Size = Size.SMALL
        native: Colour = Field(Colour.BLUE, sa_type=SaEnum(Colour, name="colour"))  # type: ignore[call-overload]
        by_value: Rating = Field(
            Rating.PG13,
            sa_type=SaEnum(Rating, values_callable=lambda kind: [each.value for each in kind]),
        )
        texts: Rating = Field(Rating.G, sa_type=SaEnum("G", "PG-13", "R", name="rating"))
        checked: Rating = Field(
            Rating.G, sa_type=SaEnum(Rating, native_enum=False, create_constraint=True, length=30)
        )
        as_text: Colour = Field(Colour.RED, sa_type=String(20))
        of_literal: Literal["a", "b"] = Field("a", sa_type=SaEnum("a", "b", name="letters"))

    return [Enums]


def json() -> list[type[Entity]]:
    class Documents(Entity):
        words: list[str] = []
        counts: dict[str, int] = {"a": 1}
        exact: list[decimal.Decimal] = [decimal.Decimal("1.10")]
        address: Address = Address(street="Main")
        maybe: Address | None = None
        anything: Any = None
        either: int | str = 1
        unique: list[str] = Field([], unique=True)
        binary: dict[str, int] = Field({}, sa_type=JSONB)
        plain: dict[str, int] = Field({}, sa_type=JSON)

    return [Documents]


def types() -> list[type[Entity]]:
    class Types(Entity):
        small: int = Field(0, sa_type=SmallInteger)
        code: str = Field("", sa_type=String(7))
        long: str = Field("", sa_type=Text)
        money: decimal.Decimal = Field(decimal.Decimal(0), sa_type=Numeric(10, 2))
        cents: decimal.Decimal = Field(decimal.Decimal(0), sa_type=Cents)
        trimmed: str = Field("", sa_type=Trimmed(40))
        as_key: str = Field("0", sa_type=Uuid(as_uuid=False))
        checked: bool = Field(True, sa_type=Boolean(create_constraint=True, name="truth"))
        varied: str = Field("", sa_type=String(9).with_variant(Text(), "sqlite"))
        own: int = Field(
            0, sa_column=Column("Own", Integer, nullable=True, comment="It's 100% ours", index=True)
        )

    return [Types]


def postgresql_types() -> list[type[Entity]]:
    class Network(Entity):
        tags: list[int] = Field([], sa_type=ARRAY(Integer))
        address: str = Field("", sa_type=INET)

    return [Network]


def constraints() -> list[type[Entity]]:
    class Room(Entity):
        __table_args__ = (
            UniqueConstraint("name", "floor", name="uq_room"),
            CheckConstraint("seats > 0"),
            CheckConstraint("seats < 100"),
            CheckConstraint("name LIKE 'a%'", name="named"),
            CheckConstraint(column("order") > 3, name="ordered"),
            CheckConstraint(column("open") == true(), name="opened"),
            Index("ix_floor_seats", "floor", "seats"),
            Index("ix_desc", desc("seats"), "name"),
            Index(
                "ix_open", "code",
                sqlite_where=text("open = 1"), postgresql_where=column("open"),
                postgresql_using="btree", mysql_length=10,
            ),
            {"comment": "Rooms: 100% real", "mysql_engine": "Aria"},
        )  # fmt: skip
        name: str = Field(max_length=40)
        floor: int = Field(0, index=True)
        seats: int = Field(1, sa_column_args=[CheckConstraint("seats <> 13")])
        order: int = Field(0, unique=True)
        code: str = Field("", max_length=20, unique=True, index=True)
        open: bool = True
        x: int | None = Field(None, nullable=False)

    return [Room]


def defaults() -> list[type[Entity]]:
    def given(default: Any, **more: Any) -> Any:
        return Field(None, sa_column_kwargs={"server_default": default, **more})

    class Defaults(Entity):
        word: str | None = given("it's 12:30, 50%")
        code: str | None = given(text("'a:b'"))
        number: int | None = given(text("5"))
        yes: bool | None = given(true())
        moment: NaiveDatetime | None = given(func.now())
        stamp: NaiveDatetime | None = given(text("CURRENT_TIMESTAMP"))
        kept: int | None = Field(None, sa_column_args=[Computed("number + 1", persisted=True)])
        order: str | None = given("x", name="Order")

    return [Defaults]


def keys() -> list[type[Entity]]:
    class Numbered(Entity):
        id: int | None = Field(None, primary_key=True)

    class Generated(Entity):
        id: int | None = Field(
            None, sa_column=Column(Integer, Identity(always=True, start=5), primary_key=True)
        )

    class Plain(Entity):
        id: int | None = Field(None, primary_key=True, sa_column_kwargs={"autoincrement": False})

    class Unique(Entity):
        id: uuid.UUID = Field(default_factory=uuid.uuid4)

    class Composite(Entity):
        __table_args__ = (PrimaryKeyConstraint("left", "right", name="pk_both"),)
        left: str = Field(max_length=20)
        right: int

    class Parent(Entity):
        id: str = Field(max_length=30)
        name: str = Field("", unique=True, max_length=30)
        boss: str | None = Field(None, foreign_key="parent.id", ondelete="SET NULL", max_length=30)

    class Child(Entity):
        __table_args__ = (
            ForeignKeyConstraint(["named"], ["parent.name"], name="fk_named", onupdate="CASCADE"),
        )
        parent_id: str = Field(foreign_key="parent.id", ondelete="CASCADE", index=True)
        named: str = Field("", max_length=30)
        number: int | None = Field(
            None, sa_column_args=[ForeignKey("numbered.id", ondelete="SET NULL")]
        )

    return [Numbered, Generated, Plain, Unique, Composite, Parent, Child]


def expressions() -> list[type[Entity]]:
    """What MariaDB does not have."""

    class Word(Entity):
        __table_args__ = (
            Index("ix_lower", func.lower(column("text")), unique=True),
            Index("ix_sum", column("size") + column("rank")),
        )
        text: str = Field(max_length=40)
        size: int = 0
        rank: int = 0

    return [Word]


def virtual() -> list[type[Entity]]:
    """What PostgreSQL does not have before version 18."""

    class Virtual(Entity):
        word: str = ""
        length: int | None = Field(None, sa_column_args=[Computed("LENGTH(word) % 7")])

    return [Virtual]


def deferred() -> list[type[Entity]]:
    """What MySQL does not have."""

    class Owner(Entity):
        id: str = Field(max_length=30)

    class Pet(Entity):
        owner: str = Field(
            sa_column_args=[ForeignKey("owner.id", deferrable=True, initially="DEFERRED")]
        )

    return [Owner, Pet]


def deferred_uniques() -> list[type[Entity]]:
    """What PostgreSQL alone has."""

    class Place(Entity):
        __table_args__ = (UniqueConstraint("hall", "line", deferrable=True, initially="DEFERRED"),)
        hall: int = 0
        line: int = 0

    return [Place]


def expiring() -> list[type[Entity]]:
    class Visit(Entity):
        model_config = {"ttl": 60, "plugin": "stats"}
        page: str = ""

    return [Visit]


def in_schema() -> list[type[Entity]]:
    class Report(Entity):
        __table_args__ = {"schema": "sales"}
        total: int = Field(0, index=True)

    class Line(Entity):
        __table_args__ = ({"schema": "sales"},)
        report_id: str = Field(foreign_key="sales.report.id")

    return [Report, Line]


def names() -> list[type[Entity]]:
    class Long(Entity):
        __tablename__ = "t" * 62
        a: int = Field(0, index=True, sa_column_kwargs={"name": "n" * 60})
        b: int = Field(0, index=True, sa_column_kwargs={"name": "é" * 30})

    class Select(Entity):
        __tablename__ = "Select"
        group: str = Field("", index=True)
        Where: str = ""

    return [Long, Select]


def table_classes() -> list[type[Entity]]:
    number = next(_numbers)

    class Tabled(Entity, SQLModel, table=True):
        __tablename__ = f"tabled_{number}"
        __table_args__ = (
            UniqueConstraint("name", "size"),
            CheckConstraint("size > 0"),
            Index(f"ix_tabled_{number}_size", "size", "name"),
        )
        name: str = Field(max_length=20)
        size: int = 1
        colour: Colour = Colour.RED
        address: Address | None = None
        words: list[str] = []

    class Based(Entity, BaseTable, table=True):
        __tablename__ = f"based_{number}"
        tabled: str | None = Field(None, foreign_key=f"tabled_{number}.id", max_length=20)
        price: decimal.Decimal = decimal.Decimal(0)

    return [Tabled, Based]


SUBJECTS = (
    scalars, enums, json, types, postgresql_types, constraints, defaults, keys, expiring,
    in_schema, names, table_classes, expressions, virtual, deferred, deferred_uniques,
)  # fmt: skip


def sql_types(*classes: type[Entity]) -> list[EntityType]:
    """The entity types of classes in the SQL store."""
    return [entity_type(cls, "sql") for cls in classes]
