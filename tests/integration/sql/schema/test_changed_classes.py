"""Schema drift: a changed class is logged once, or refused where stored values would change."""

from __future__ import annotations

import datetime
import enum
import logging
import uuid
from decimal import Decimal
from typing import Any

import pytest

from external_writers import ExternalWriter
from integration.web.browser import unlisted
from repositories import opened
from starmodel import ConfigurationError, ConstraintError, Entity
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.adapters.persistence.sql.schema.existing.sqlite_codecs import family_of
from starmodel.app.application import Application
from starmodel.testing.fakes import fake_application

PRECISE = Decimal("12345678901234567.89")


class Colour(enum.Enum):
    RED = "red"


def _class(name: str, /, **fields: Any) -> type[Entity]:
    """An SQL entity type. Shapes: fields are annotations, or (annotation, default)."""
    pairs = {
        key: given if isinstance(given, tuple) else (given, ...) for key, given in fields.items()
    }
    body = {
        "__annotations__": {key: annotation for key, (annotation, _) in pairs.items()},
        "__module__": __name__, "__qualname__": name,
        "model_config": {"store": "sql", "scope": "record"},
        **{key: value for key, (_, value) in pairs.items() if value is not ...},
    }  # fmt: skip
    return unlisted(type(Entity)(name, (Entity,), body))


async def _with_record(url: str, cls: type[Entity], **values: Any) -> None:
    app = fake_application(cls, stores={"sql": SqlRepository(url)})
    await app.ready()
    await cls.objects.create(**values)
    await app.close()


CHANGES = [
    (float, 1.5, Decimal), (int, 7, str), (str, "a", int), (float, 0.5, int), (str, "a", float),
    (bool, True, str), (Decimal, Decimal("1.5"), int), (int, 7, uuid.UUID), (int, 5, list[int]),
    (str, "a", bytes), (bytes, b"a", str), (datetime.date, datetime.date(2024, 1, 1), str),
    (datetime.datetime, datetime.datetime(2024, 1, 1), int), (int, 1, Colour),
    (datetime.date, datetime.date(2024, 1, 1), datetime.datetime),
    (datetime.datetime, datetime.datetime(2024, 1, 1), datetime.time),
    (str, "a", datetime.timedelta), (int, 1, int | str), (list[int], [1], int),
]  # fmt: skip


@pytest.mark.parametrize(("before", "value", "after"), CHANGES, ids=str)
async def test_changed_type_never_alters_values(
    any_url: str, before: Any, value: Any, after: Any
) -> None:
    """Startup refuses the type by name, or its values round-trip."""
    await _with_record(any_url, _class("Product", v=before), v=value)
    changed = _class("Product", v=after)
    app = fake_application(changed, stores={"sql": SqlRepository(any_url)})
    refusal = await _refusal(app)
    if refusal:
        assert "Product.v can't be stored in the column 'v' of the table 'product'" in refusal
        assert "drop the table" in refusal
        return
    assert not any_url.startswith("sqlite"), "refused in SQLite, whose columns convert"
    for sample in _samples(after):
        app = fake_application(changed, stores={"sql": SqlRepository(any_url)})
        await app.ready()
        made = await changed.objects.create(v=sample)
        found = await changed.objects.get(made.id)
        assert (found.v, type(found.v)) == (sample, type(sample))
        await app.close()


async def _refusal(app: Application) -> str:
    """The startup error, or "". The application is closed again."""
    try:
        await app.ready()
    except ConfigurationError as error:
        return str(error)
    finally:
        await app.close()
    return ""


def _samples(annotation: Any) -> list[Any]:
    if annotation == int | str:
        return [7, "007"]
    return {
        list[int]: [[1, 2]], Colour: [Colour.RED], bytes: [b"7"],
        datetime.datetime: [datetime.datetime(2024, 1, 2, 3, 4, 5)],
        datetime.time: [datetime.time(3, 4)], datetime.timedelta: [datetime.timedelta(minutes=5)],
        uuid.UUID: [uuid.UUID(int=5)], str: ["007"], int: [7], float: [0.1], Decimal: [PRECISE],
    }[annotation]  # fmt: skip


async def test_float_changed_to_decimal_logs_a_working_ddl_statement(any_url: str) -> None:
    await _with_record(any_url, _class("Product", price=float), price=1.5)
    changed = _class("Product", price=Decimal)
    with pytest.raises(ConfigurationError, match="'price' of the table 'product'") as refused:
        await opened(any_url, changed)
    external = await ExternalWriter.at(any_url)
    for statement in str(refused.value).partition("after a backup: ")[2].rstrip(".").split("; "):
        await external.run(statement)
    await external.close()
    app = fake_application(changed, stores={"sql": SqlRepository(any_url)})
    await app.ready()
    (old,) = await changed.objects.list()
    made = await changed.objects.create(price=Decimal("1234567.89"))
    assert (old.price, (await changed.objects.get(made.id)).price) == (
        Decimal("1.5"), Decimal("1234567.89"),
    )  # fmt: skip
    await app.close()


async def test_removed_required_field_logs_a_working_ddl_statement(
    any_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await _with_record(any_url, _class("Product", name=str, colour=str), name="Pen", colour="red")
    changed = _class("Product", name=str)
    with caplog.at_level(logging.WARNING, "starmodel.sql"):
        repository = await opened(any_url, changed)
    (warning,) = repository.warnings
    await repository.close()
    assert caplog.text.count("The column 'colour' of the table 'product' needs a value") == 1
    assert warning.blocks
    external = await ExternalWriter.at(any_url)
    await external.run(warning.text.partition("after a backup: ")[2].rstrip(";"))
    await external.close()
    await _with_record(any_url, changed, name="Ink")
    assert not await _warnings(any_url, changed)


async def test_newly_optional_field_logs_a_working_ddl_statement(
    any_url: str,
) -> None:
    await _with_record(any_url, _class("Product", note=str), note="a")
    changed = _class("Product", note=(str | None, None))
    (warning,) = await _warnings(any_url, changed)
    assert "The column 'note' of the table 'product' is NOT NULL, and Product.note" in warning
    external = await ExternalWriter.at(any_url)
    for statement in warning.partition("or: ")[2].rstrip(";").split("; "):
        await external.run(statement)
    await external.close()
    await _with_record(any_url, changed)
    assert not await _warnings(any_url, changed)


async def test_renamed_class_is_logged_until_its_table_is_renamed(any_url: str) -> None:
    await _with_record(any_url, _class("Product", name=str), name="Pen")
    item = _class("Item", name=str)
    for _ in range(2):  # the second start finds the empty table of the first
        (warning,) = await _warnings(any_url, item)
        assert "'item' of Item is empty, and the table 'product' has the same columns" in warning
    statements = warning.partition("and: ")[2].partition("; or keep")[0].split("; ")
    external = await ExternalWriter.at(any_url)
    for statement in statements:
        await external.run(statement)
    await external.close()
    app = fake_application(item, stores={"sql": SqlRepository(any_url)})
    await app.ready()
    assert [found.name for found in await item.objects.list()] == ["Pen"]
    await app.close()
    assert not await _warnings(any_url, item)


async def test_class_is_not_reported_as_renamed_while_another_uses_the_table(any_url: str) -> None:
    product, item = _class("Product", name=str), _class("Item", name=str)
    await _with_record(any_url, product, name="Pen")
    assert not await _warnings(any_url, product, item)
    wider = _class("Wider", name=str, price=float)
    assert not await _warnings(any_url, wider, product)


async def _warnings(url: str, *classes: type[Entity]) -> list[str]:
    repository = await opened(url, *classes)
    found = [warning.text for warning in repository.warnings]
    await repository.close()
    return found


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("declared", "annotation", "stored", "refused"),
    [
        ("NUMERIC(10, 2)", Decimal, Decimal("1.5"), PRECISE),
        ("REAL", Decimal, Decimal("0.1"), PRECISE),
        ("INTEGER", Decimal, Decimal(9007199254740993), Decimal("1e400")),
        ("STRING", str, "abc", "007"),
        ("STRING", str, "7a", " 1e5 "),
    ],
)
async def test_external_columns_store_a_value_exactly_or_reject_it(
    any_url: str, declared: str, annotation: Any, stored: Any, refused: Any
) -> None:
    external = await ExternalWriter.at(any_url)
    await external.run(f"CREATE TABLE thing (id TEXT PRIMARY KEY, v {declared})")
    await external.close()
    thing = _class("Thing", v=annotation)
    app = fake_application(thing, stores={"sql": SqlRepository(any_url)})
    await app.ready()
    made = await thing.objects.create(v=stored)
    assert (await thing.objects.get(made.id)).v == stored
    assert [found.id for found in await thing.objects.list(v=stored)] == [made.id]
    with pytest.raises(ConstraintError, match="v "):
        await thing.objects.create(v=refused)
    await app.close()


@pytest.mark.parametrize(
    ("declared", "family"),
    [("", "any"), ("any", "any"), ("INT8", "integer"), ("character varying(8)", "text"),
     ("double precision", "real"), ("DECIMAL(10,2)", "decimal"), ("TIMESTAMP", "datetime"),
     ("JSONB", "json"), ("STRING", "other"), ("POINT", "integer")],
)  # fmt: skip
def test_declared_type_has_the_family_of_its_affinity(declared: str, family: str) -> None:
    assert family_of(declared) == family
