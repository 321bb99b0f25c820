"""Foreign keys of entity classes, and the tables and columns that they name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from starmodel.core.entity import Entity
from starmodel.core.fields.field import options_of


class ForeignKey(NamedTuple):
    """A foreign key: one field that references a record of another table.

    Shapes: table has its schema, when it is not the default one; column is
    the target's field, once it is known; rule is SQL's, in capitals, or "".
    """

    field: str
    table: str
    column: str
    rule: str


def column_names(cls: type[Entity]) -> dict[str, str]:
    """The column of each field, for foreign keys by column."""
    return {name: _column_of(name, info) for name, info in cls.__pydantic_fields__.items()}


def _column_of(name: str, info: Any) -> str:
    options = _sql_options(info)
    column = getattr(options.get("sa_column"), "name", None)
    more = options.get("sa_column_kwargs")
    return str(column or (more.get("name") if isinstance(more, dict) else None) or name)


def _sql_options(info: Any) -> dict[str, Any]:
    """The column arguments of a field, from `Field` or from SQLModel's `Field`."""
    options = dict(options_of(info).sql)
    for item in info.metadata:
        for key in ("foreign_key", "ondelete", "sa_column", "sa_column_args", "sa_column_kwargs"):
            value = getattr(item, key, None)
            if value is not None and type(value).__name__ != "PydanticUndefinedType":
                options[key] = value
    return options


def foreign_keys(cls: type[Entity]) -> Iterator[ForeignKey]:
    """The foreign keys of single fields, however they are declared.

    Declared by `foreign_key=`, in `sa_column`, `sa_column_args` or `__table_args__`.
    """
    for name, info in cls.__pydantic_fields__.items():
        options = _sql_options(info)
        target = options.get("foreign_key")
        if isinstance(target, str):
            yield _key(name, target, options.get("ondelete"))
        column = options.get("sa_column")
        references = getattr(column, "foreign_keys", None) or ()
        for item in (*references, *_sequence(options.get("sa_column_args"))):
            target = getattr(item, "target_fullname", None)
            if isinstance(target, str):
                yield _key(name, target, item.ondelete)
    fields = {column: field for field, column in column_names(cls).items()}
    for item in _sequence(getattr(cls, "__table_args__", None)):
        elements: Any = getattr(item, "elements", ())
        columns: Any = getattr(item, "column_keys", ())
        if len(elements) == 1 and hasattr(elements[0], "target_fullname") and columns[0] in fields:
            yield _key(fields[columns[0]], elements[0].target_fullname, item.ondelete)


def _sequence(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _key(field: str, target: str, rule: Any) -> ForeignKey:
    table, _, column = target.rpartition(".")
    return ForeignKey(field, table, column, rule.upper() if isinstance(rule, str) else "")


def by_field(key: ForeignKey, target: type[Entity]) -> ForeignKey:
    """The key with the target's field in place of its column."""
    fields = {column: field for field, column in column_names(target).items()}
    return key._replace(column=fields.get(key.column, key.column))
