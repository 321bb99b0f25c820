"""Foreign keys of entity classes, and the tables and columns that they name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from starmodel.core.entity import Entity
from starmodel.core.fields.field import options_of
from starmodel.core.fields.stores import SYSTEM
from starmodel.core.values.words import snake_case


OWN_TABLES = "starmodel_"
"""The prefix of StarModel's own tables, which have a schema number of their own."""


class ForeignKey(NamedTuple):
    """A foreign key: one field that references a record of another table.

    Shapes: table has its schema, when it is not the default one; column is
    the target's field, once it is known; rule is SQL's, in capitals, or "".
    """

    field: str
    table: str
    column: str
    rule: str


def table_name(cls: type[Any]) -> str:
    """The table of a class, which foreign keys name."""
    table = getattr(cls, "__table__", None)
    if table is not None:
        return str(table.name)  # SQLModel's own rule, which `foreign_key=` of its users follows
    named = getattr(cls, "__tablename__", None)
    plugin = cls.model_config.get("plugin")
    own = snake_case(cls.__name__)
    if plugin and cls.model_config.get("store") == SYSTEM:
        return f"{OWN_TABLES}{plugin}_{own}"
    return named or (f"{plugin}__{own}" if plugin else own)


def schema_of(cls: type[Any]) -> str | None:
    """The schema of a class's table, None for the default one."""
    table = getattr(cls, "__table__", None)
    if table is not None:
        return table.schema  # type: ignore[no-any-return]
    table_args = getattr(cls, "__table_args__", None) or ()
    options = table_args if isinstance(table_args, dict) else table_args[-1] if table_args else {}
    schema = options.get("schema") if isinstance(options, dict) else None
    return None if schema is None else str(schema)


def full_name(cls: type[Any]) -> str:
    """The table of a class with its schema, as foreign keys name it."""
    schema, name = schema_of(cls), table_name(cls)
    return name if schema is None else f"{schema}.{name}"


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
