"""Values of columns are read and written without the classes, as the store does with them."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, TypeDecorator

from repositories import insert, opened
from starmodel import Entity, Field
from starmodel.app.ports.repository import Batch
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import from_json, to_json
from starmodel.migrations.schema.dialects import sql_dialects
from starmodel.migrations.schema.tables import DefinedTable, build_tables
from unit.migrations.schema import declared
from unit.migrations.schema.declared import sql_types


def _table(cls: type[Entity], dialect: str = "sqlite") -> DefinedTable:
    schema = from_json(json.loads(json.dumps(to_json(collect(sql_types(cls))))))
    return build_tables(schema, sql_dialects()[dialect])[cls.__name__]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize("subject", [declared.scalars, declared.enums, declared.json])
def test_defaults_survive_json_and_the_encoding(subject: Any, dialect: str) -> None:
    [cls] = subject()
    for stored in _table(cls, dialect).fields.values():
        if not stored.definition.has_default:
            continue
        value = stored.from_json(stored.definition.default)
        assert stored.to_json(value) == stored.definition.default
        if dialect == "sqlite":
            assert stored.decode(stored.encode(value)) == value


@pytest.mark.parametrize("subject", [declared.scalars, declared.enums, declared.json])
async def test_rows_of_the_store_are_decoded_and_encoded_without_loss(
    subject: Any, tmp_path: Path
) -> None:
    [cls] = subject()
    values = {"text": "a"} if subject is declared.scalars else {}
    repository = await opened(f"sqlite:///{tmp_path / 'app.db'}", cls)
    await repository.commit(Batch([insert(cls(id="a", **values))]))
    await repository.close()
    table = _table(cls)
    columns = [stored.column.name for stored in table.fields.values()]
    with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
        listed = ", ".join(f'"{name}"' for name in columns)
        [row] = database.execute(f"SELECT {listed} FROM {table.table.name}")  # noqa: S608

    for stored, raw in zip(table.fields.values(), row, strict=True):
        assert stored.encode(stored.decode(raw)) == raw, stored.definition.name


def test_enum_value_is_the_name_of_its_member() -> None:
    [cls] = declared.enums()
    fields = _table(cls).fields
    assert fields["by_value"].decode("PG-13") == "PG13"
    assert fields["by_value"].encode("PG13") == "PG-13"
    assert fields["colour"].encode("SCARLET") == "SCARLET"
    with pytest.raises(ValueError, match="'GREEN'; expected one of RED, SCARLET, BLUE"):
        fields["colour"].encode("GREEN")
    with pytest.raises(ValueError, match="'GREEN', which is no value of its column"):
        fields["colour"].decode("GREEN")


def test_json_data_of_another_type_is_refused() -> None:
    [cls] = declared.scalars()
    fields = _table(cls).fields
    assert fields["price"].from_json("1.50") == Decimal("1.50")
    with pytest.raises(ValueError, match="valid integer"):
        fields["whole"].from_json("many")
    with pytest.raises(ValueError, match="longer than 5 characters"):
        _table(_short()).fields["name"].encode("much too long")


def _short() -> type[Entity]:
    class Short(Entity):
        name: str = Field("", max_length=5)

    return Short


class Shouted(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value and value.upper()


def test_type_of_an_application_that_is_gone_is_its_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    class Note(Entity):
        text: str = Field("", sa_type=Shouted(20))

    schema = collect(sql_types(Note))
    shown = build_tables(schema, sql_dialects()["sqlite"])["Note"].fields["text"]
    assert shown.decode("a") == "A"

    monkeypatch.delattr(sys.modules[__name__], "Shouted")
    later = from_json(to_json(schema))
    plain = build_tables(later, sql_dialects()["sqlite"])["Note"].fields["text"]
    assert plain.decode("a") == "a"
    assert str(plain.column.type) == "VARCHAR(20)"
