"""Indexes and constraints of SQLAlchemy's tables as definitions, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import JsonValue
from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import conv
from sqlalchemy.sql import ClauseElement, ColumnElement

from starmodel.adapters.persistence.sql._compat.sqlalchemy import is_created
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    EntityDefinition,
    ForeignKeyDefinition,
    IndexDefinition,
    UniqueDefinition,
)
from starmodel.migrations.schema.dialects import (
    Verbatim,
    expression_sql,
    expression_texts,
    index_part_texts,
    sql_dialects,
)
from starmodel.migrations.schema.values import plain_json

C = TypeVar("C", bound=Constraint)


def index_definitions(table: Table) -> tuple[IndexDefinition, ...]:
    """Return the indexes of a table by name."""
    return tuple(map(_index_definition, sorted(table.indexes, key=lambda index: str(index.name))))


def unique_definitions(table: Table) -> tuple[UniqueDefinition, ...]:
    return tuple(
        UniqueDefinition(
            name=_name(unique),
            columns=tuple(column.name for column in unique.columns),
            options=_options(unique),
        )
        for unique in _of_type(table, UniqueConstraint)
    )


def check_definitions(table: Table) -> tuple[CheckDefinition, ...]:
    """Return the checks of a table, those of its column types included."""
    made = []
    for check in _of_type(table, CheckConstraint):
        condition, variants = expression_texts(check.sqltext)
        variants |= {
            name: ""
            for name, made in sql_dialects().items()
            if not is_created(check, made.sqlalchemy)
        }
        made.append(
            CheckDefinition(
                name=str(check.name), condition=condition, variants=variants,
                options=_options(check),
            )
        )  # fmt: skip
    return tuple(made)


def foreign_key_definitions(table: Table) -> tuple[ForeignKeyDefinition, ...]:
    made = []
    for key in _of_type(table, ForeignKeyConstraint):
        targets = [element.target_fullname.rpartition(".") for element in key.elements]
        made.append(
            ForeignKeyDefinition(
                name=_name(key),
                columns=tuple(column.name for column in key.columns),
                target=targets[0][0],
                target_columns=tuple(column for _, _, column in targets),
                on_delete=key.ondelete,
                on_update=key.onupdate,
                options=_options(key),
            )
        )
    return tuple(made)


def add_index(definition: IndexDefinition, table: Table, sql_dialect: SqlDialect) -> Index:
    """Add one index to its table."""
    parts = definition.variants.get(sql_dialect.sqlalchemy.name, definition.parts)
    expressions = [
        table.columns[part] if part in table.columns else Verbatim(part) for part in parts
    ]
    options = {name: _revived(value) for name, value in definition.options.items()}
    return Index(
        conv(definition.name), *expressions, unique=definition.unique, _table=table, **options
    )


def constraints_of(definition: EntityDefinition, sql_dialect: SqlDialect) -> Iterable[Constraint]:
    """Yield the constraints of a definition, attached to no table yet."""
    for unique in definition.uniques:
        yield UniqueConstraint(*unique.columns, name=_conv(unique.name), **_given(unique.options))
    for check in definition.checks:
        condition = check.variants.get(sql_dialect.sqlalchemy.name, check.condition)
        if not condition:
            continue
        yield CheckConstraint(Verbatim(condition), name=conv(check.name), **_given(check.options))
    for key in definition.foreign_keys:
        yield ForeignKeyConstraint(
            key.columns,
            [f"{key.target}.{column}" for column in key.target_columns],
            name=_conv(key.name),
            ondelete=key.on_delete,
            onupdate=key.on_update,
            **_given(key.options),
        )


def _of_type(table: Table, cls: type[C]) -> list[C]:
    """Return the constraints of a class in the order of their columns, then by name and SQL."""
    positions = {column.name: place for place, column in enumerate(table.columns)}

    def order(constraint: C) -> Any:
        columns = [positions[column.name] for column in getattr(constraint, "columns", ())]
        return columns, str(constraint.name or ""), str(getattr(constraint, "sqltext", ""))

    return sorted((item for item in table.constraints if isinstance(item, cls)), key=order)


def _index_definition(index: Index) -> IndexDefinition:
    by_dialect: dict[str, tuple[str, ...]] = {}
    for number, expression in enumerate(index.expressions):
        if isinstance(expression, Column):
            texts = dict.fromkeys(sql_dialects(), expression.name)
        else:
            first, variants = index_part_texts(expression)
            texts = dict.fromkeys(sql_dialects(), first) | variants
        for name, text in texts.items():
            by_dialect[name] = (*by_dialect.get(name, ())[:number], text)
    first_parts = next(iter(by_dialect.values()), ())
    return IndexDefinition(
        name=str(index.name),
        parts=first_parts,
        variants={name: parts for name, parts in by_dialect.items() if parts != first_parts},
        unique=bool(index.unique),
        options=_dialect_options(index.dialect_kwargs),
    )


def _name(constraint: Constraint) -> str | None:
    return None if constraint.name is None else str(constraint.name)


def _conv(name: str | None) -> str | None:
    return None if name is None else conv(name)


def _options(constraint: Constraint) -> dict[str, JsonValue]:
    names = ("deferrable", "initially", "match")
    found: dict[str, JsonValue] = {
        name: value for name in names if (value := getattr(constraint, name, None)) is not None
    }
    return found | _dialect_options(constraint.dialect_kwargs)


def _dialect_options(given: Mapping[str, Any]) -> dict[str, JsonValue]:
    return {name: _option_json(name, value) for name, value in sorted(given.items())}


def _option_json(name: str, value: Any) -> JsonValue:
    if isinstance(value, Column):
        return value.name
    if isinstance(value, ClauseElement):
        made = sql_dialects().get(name.partition("_")[0].replace("mariadb", "mysql"))
        dialect = (made or sql_dialects()["postgresql"]).sqlalchemy
        return {"sql": expression_sql(value, dialect)}
    if isinstance(value, list | tuple):
        return [_option_json(name, item) for item in value]
    return plain_json(value)


def _given(options: Mapping[str, JsonValue]) -> dict[str, Any]:
    return {name: _revived(value) for name, value in options.items()}


def _revived(value: Any) -> Any:
    """Return SQL as an expression, and every other option as it is."""
    if isinstance(value, dict) and value.keys() == {"sql"}:
        made: ColumnElement[Any] = Verbatim(str(value["sql"]))
        return made
    return value
