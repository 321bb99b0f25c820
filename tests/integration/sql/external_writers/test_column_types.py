"""Column types of external tables: read as they are, or refused at startup."""

from __future__ import annotations

import enum
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Any

import pytest
from pydantic import AwareDatetime, NaiveDatetime, computed_field

from databases import SERVERS
from external_writers import ExternalWriter
from integration.web.browser import unlisted
from starmodel import ConfigurationError, ConstraintError, Entity, create_app, dispatch
from starmodel.core.public_state import public_state

Start = Callable[..., Any]
A = uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")


class Mood(enum.StrEnum):
    happy = "happy"
    sad = "sad"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


AWARE, NAIVE = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2024, 1, 2, 3, 4, 5)
KEPT = {
    "postgresql": [
        ("timestamptz", datetime, AWARE), ("timestamp", datetime, NAIVE), ("uuid", str, str(A)),
        ("uuid", uuid.UUID, A), ("text", uuid.UUID, A), ("char(32)", uuid.UUID, A),
        ("varchar(36)", uuid.UUID, A), ("mood", Mood, Mood.sad), ("mood", str, "sad"),
        ("integer", Level, Level.HIGH), ("text[]", list[str], ["a", "b"]),
        ("integer[]", set[int], {1, 2}), ("uuid[]", list[uuid.UUID], [A]),
        ("inet", IPv4Address, IPv4Address("10.0.0.1")), ("inet", str, "10.0.0.1"),
        ("numeric(10,2)", float, 1.5), ("numeric", int, 12), ("float8", Decimal, Decimal("1.5")),
        ("integer", bool, True), ("interval", timedelta, timedelta(minutes=5)),
        ("timestamptz", AwareDatetime, AWARE), ("timestamp", NaiveDatetime, NAIVE),
        ("jsonb", dict[str, int], {"a": 1}), ("bytea", bytes, b"\xff"), ("small", int, 3),
    ],
    "mysql": [
        ("DATETIME(6)", datetime, NAIVE), ("TIMESTAMP NULL", datetime, NAIVE),
        ("BIT(1)", bool, True), ("TIME(6)", timedelta, timedelta(hours=-30, microseconds=5)),
        ("BINARY(16)", uuid.UUID, A), ("CHAR(36)", uuid.UUID, A), ("CHAR(32)", uuid.UUID, A),
        ("ENUM('happy','sad')", Mood, Mood.sad), ("INT", Level, Level.LOW),
        ("DECIMAL(10,2)", float, 1.5), ("DOUBLE", Decimal, Decimal("1.5")), ("YEAR", int, 2024),
        ("BLOB", str, "ä7"),
    ],
    "sqlite": [
        ("TEXT", uuid.UUID, A), ("CHAR(36)", uuid.UUID, A), ("TIMESTAMP", datetime, NAIVE),
        ("INTEGER", bool, True), ("TEXT", time, time(10, 0)),
    ],
}  # fmt: skip
REFUSED = {
    "postgresql": [
        ("integer", str, "int"), ("text", int, "str"), ("boolean", int, "bool"),
        ("date", datetime, "date"), ("timestamp", date, "datetime"), ("timetz", time, "time"),
        ("bytea", str, "bytes"), ("timestamptz", NaiveDatetime, "datetime"),
        ("point", str, "point"),
    ],
    "mysql": [
        ("DATE", datetime, "date"), ("DATETIME", date, "datetime"), ("INT", str, "int"),
        ("TEXT", int, "str"),
    ],
    "sqlite": [],
}  # fmt: skip


def _kind(url: str) -> str:
    return url.partition(":")[0]


@pytest.fixture
async def external(any_url: str) -> AsyncIterator[ExternalWriter]:
    external = await ExternalWriter.at(any_url)
    if external.kind == "postgresql":
        await external.run("CREATE TYPE mood AS ENUM ('happy', 'sad')")
        await external.run("CREATE DOMAIN small AS smallint CHECK (VALUE < 100)")
    yield external
    await external.close()


def _entity(annotation: Any) -> type[Entity]:
    body = {
        "__annotations__": {"id": str, "v": annotation | None, "n": int},
        "v": None, "n": 0, "__module__": __name__, "__qualname__": "Row",
        "model_config": {"store": "sql", "scope": "record"}, "__tablename__": "t",
    }  # fmt: skip
    return unlisted(type(Entity)("Row", (Entity,), body))


async def test_every_value_round_trips_and_is_filtered_and_sorted(
    external: ExternalWriter, start: Start
) -> None:
    for type_, annotation, value in KEPT[external.kind]:
        where = f"{annotation} on {type_}"
        await external.run("DROP TABLE IF EXISTS t")
        await external.run(f"CREATE TABLE t (id VARCHAR(40) PRIMARY KEY, v {type_}, n INTEGER)")
        row = _entity(annotation)
        app = await start(row)
        await row.objects.create(id="1", v=value)
        await row.objects.create(id="2")
        found = await row.objects.get("1")
        assert (found.v, type(found.v)) == (value, type(value)), where
        await dispatch(found.do.update(n=1))
        assert (await row.objects.get("1")).v == value, where
        if row.__entity__.fields["v"].atomic:
            assert [r.id for r in await row.objects.list(v=value)] == ["1"], where
            assert [r.id for r in await row.objects.list(v__ne=value)] == ["2"], where
            assert [r.id for r in await row.objects.list(order="v")] == ["1", "2"], where
        await dispatch(found.do.update(v=None))
        assert (await row.objects.get("1")).v is None, where
        await app.close()


async def test_type_that_does_not_fit_is_rejected_by_name(
    external: ExternalWriter, start: Start
) -> None:
    for type_, annotation, wanted in REFUSED[external.kind]:
        await external.run("DROP TABLE IF EXISTS t")
        await external.run(f"CREATE TABLE t (id VARCHAR(40) PRIMARY KEY, v {type_}, n INTEGER)")
        with pytest.raises(
            ConfigurationError,
            match=rf"Row\.v can't be stored in the column 'v' of the table 't'.*{wanted}",
        ):
            await start(_entity(annotation))


@pytest.mark.parametrize("any_url", SERVERS, indirect=True)
async def test_labels_that_fit_no_member_are_rejected(
    external: ExternalWriter, start: Start
) -> None:
    class Other(enum.Enum):
        X = "x"

    kind = "mood" if external.kind == "postgresql" else "ENUM('happy','sad')"
    await external.run(f"CREATE TABLE t (id VARCHAR(40) PRIMARY KEY, v {kind}, n INTEGER)")
    with pytest.raises(ConfigurationError, match="happy, sad"):
        await start(_entity(Other))


@pytest.mark.parametrize("any_url", ["postgresql"], indirect=True)
async def test_value_that_a_column_would_alter_is_rejected(
    external: ExternalWriter, start: Start
) -> None:
    for type_, annotation, value in (
        ("mood", str, "angry"), ("uuid", str, "no uuid"), ("numeric(4,2)", float, 1.005),
        ("float8", Decimal, Decimal("1.00000000000000000001")), ("timestamptz", datetime, NAIVE),
    ):  # fmt: skip
        await external.run("DROP TABLE IF EXISTS t")
        await external.run(f"CREATE TABLE t (id VARCHAR(40) PRIMARY KEY, v {type_}, n INTEGER)")
        row = _entity(annotation)
        app = await start(row)
        with pytest.raises(ConstraintError, match="v"):
            await row.objects.create(id="1", v=value)
        await app.close()


@pytest.mark.parametrize("form", ["{}", "{0.hex}"])
async def test_uuid_ids_are_found_as_they_are_written(
    external: ExternalWriter, start: Start, form: str
) -> None:
    width = 36 if form == "{}" else 32
    type_ = "TEXT" if external.kind == "sqlite" else f"CHAR({width})"

    class Thing(Entity):
        __tablename__ = "thing"
        model_config = {"store": "sql", "scope": "record"}
        id: uuid.UUID
        name: str = ""

    unlisted(Thing)
    await external.run(f"CREATE TABLE thing (id {type_} PRIMARY KEY, name VARCHAR(20))")
    await external.run("INSERT INTO thing VALUES (?, 'a')", form.format(A))
    await start(Thing)
    found = await Thing.objects.get(A)
    await dispatch(found.do.update(name="b"))
    made = await Thing.objects.create(id=uuid.UUID(int=1), name="c")
    rows = await external.rows("SELECT id, name FROM thing ORDER BY name")
    assert [tuple(r) for r in rows] == [(form.format(A), "b"), (form.format(made.id), "c")]


async def test_generated_columns_are_read_and_not_written(
    external: ExternalWriter, start: Start
) -> None:
    class Box(Entity):
        __tablename__ = "box"
        model_config = {"store": "sql", "scope": "record"}
        id: str
        width: int = 1
        area: int = 0

    unlisted(Box)
    await external.run(
        "CREATE TABLE box (id VARCHAR(40) PRIMARY KEY, width INTEGER NOT NULL, "
        "area INTEGER GENERATED ALWAYS AS (width * width) STORED)"
    )
    await start(Box)
    await Box.objects.create(id="1", width=3)
    found = await Box.objects.get("1")
    assert found.area == 9
    await dispatch(found.do.update(width=4))
    found = await Box.objects.get("1")
    assert found.area == 16
    with pytest.raises(ConstraintError, match="calculated by the database"):
        await dispatch(found.do.update(area=1))


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_datetimes_of_mixed_formats_compare_as_parsed(
    external: ExternalWriter, start: Start
) -> None:
    class Log(Entity):
        __tablename__ = "log"
        model_config = {"store": "sql", "scope": "record"}
        id: int | None = None
        at: datetime | None = None
        day: date | None = None
        hour: time | None = None

    unlisted(Log)
    await external.run("CREATE TABLE log (id INTEGER PRIMARY KEY, at, day, hour)")
    forms = [
        "2024-01-01T10:00", "2024-01-01 12:00:00", "2024-01-01 11:00:00.250",
        "2024-01-01T09:00:00Z", "yesterday", None, 1709200000,
    ]  # fmt: skip
    for number, form in enumerate(forms):
        await external.run("INSERT INTO log VALUES (?, ?, '20240101', '10:00')", number, form)
    await start(Log)

    async def ids(**parameters: Any) -> list[int]:
        return sorted(found.id for found in await Log.objects.list(**parameters))

    ten = datetime(2024, 1, 1, 10)
    assert await ids(at=ten) == [0]
    assert await ids(at__gt=ten) == [1, 2]
    assert await ids(at__lte=datetime(2024, 1, 1, 11, 0, 0, 250_000)) == [0, 2]
    assert await ids(at=datetime(2024, 1, 1, 9, tzinfo=UTC)) == [3]
    assert await ids(day=date(2024, 1, 1)) == list(range(7))
    assert await ids(hour=time(10)) == list(range(7))
    order = [found.id for found in await Log.objects.list(order="at", at__gte=datetime(2024, 1, 1))]
    assert order == [0, 2, 1]
    in_steps = [found.id async for found in Log.objects.stream(order="at", batch=2)]
    assert sorted(in_steps) == list(range(7))


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_unreadable_cell_does_not_fail_a_list(
    external: ExternalWriter, visit: Any, any_url: str
) -> None:
    class Item(Entity):
        __tablename__ = "item"
        model_config = {"store": "sql", "scope": "record", "access": "public"}
        id: int | None = None
        price: Decimal | None = None
        at: datetime | None = None
        data: dict[str, int] = {}

        @computed_field  # type: ignore[prop-decorator]
        @property
        def rounded(self) -> Decimal | None:
            return None if self.price is None else self.price.quantize(Decimal(1))

    unlisted(Item)
    await external.run("CREATE TABLE item (id INTEGER PRIMARY KEY, price, at, data)")
    await external.run("INSERT INTO item VALUES (1, 'cheap', 17, x'ff'), (2, '1.5', NULL, '{}')")
    browser = visit(create_app([Item], secret_key="k" * 40, database_url=any_url))
    items = (await browser.call("GET", "/items")).json()["items"]
    assert [item["rounded"] for item in items] == [None, "2"]
    for path in ("/items", "/items/1", "/items/1/edit"):
        assert (await browser.page(path)).status_code == 200, path
    mended = {"price": "2", "at": None, "data": {}}
    assert (await browser.call("PATCH", "/items/1", mended)).status_code == 200
    assert (await browser.call("GET", "/items/1")).json()["rounded"] == "2"
    assert public_state(Item(id=3, price=Decimal(1)))["rounded"] == "1"
