"""Table-level declarations of a class: constraints, indexes, options, defaults."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    DefaultClause,
    Index,
    PrimaryKeyConstraint,
    Table,
    TextClause,
    UniqueConstraint,
)
from sqlalchemy.schema import Computed
from sqlalchemy.sql import ClauseElement, functions

from starmodel.adapters.persistence.sql._compat.sqlalchemy import pending_columns
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.specs import FieldSpec

_OPTIONS = frozenset({"schema", "comment", "info", "quote", "quote_schema", "implicit_returning"})
_WITHOUT_EFFECT = frozenset({"extend_existing", "keep_existing", "mustexist", "listeners"})
DIALECT_PREFIXES = ("sqlite_", "postgresql_", "mysql_", "mariadb_")
DefaultFactory = Callable[[], Any]


def table_arguments(cls: type[Entity], sql_dialect: SqlDialect) -> tuple[list[Any], dict[str, Any]]:
    """Copy the constraints, indexes and options of `__table_args__`, for one table.

    Raises: TypeError, for items that a table does not accept.
    """
    given = getattr(cls, "__table_args__", None) or ()
    options = given if isinstance(given, dict) else {}
    if not isinstance(given, dict) and given and isinstance(given[-1], dict):
        given, options = given[:-1], given[-1]
    items = [] if isinstance(given, dict) else list(given)
    if pair := vars(cls).get("__link_keys__"):  # of a many-to-many relation
        items.append(UniqueConstraint(*pair))
    for name in options:
        if name not in _OPTIONS | _WITHOUT_EFFECT and not name.startswith(DIALECT_PREFIXES):
            raise TypeError(f"__table_args__ has the option {name!r}, which is not supported")
    options = {name: value for name, value in options.items() if name not in _WITHOUT_EFFECT}
    if options.get("schema") and sql_dialect.sqlalchemy.name == "sqlite":
        raise TypeError(f"__table_args__ has the schema {options['schema']!r}; SQLite has none")
    if getattr(cls, "__table__", None) is not None:
        return [], options  # `to_metadata` copies its constraints
    for item in items:
        if not isinstance(item, Constraint | Index):
            raise TypeError(f"__table_args__ has {item!r}; expected constraints and indexes")
        if (item.table if isinstance(item, Index) else getattr(item, "parent", None)) is not None:
            raise TypeError(f"__table_args__ has {item!r}, which belongs to another table")
    return copy.deepcopy(items), options


def indexed_columns(items: Iterable[Any]) -> set[str]:
    """Return the columns named by unattached constraints and indexes."""
    found: set[str] = set()
    for item in items:
        for column in (*pending_columns(item), *getattr(item, "expressions", ())):
            found.add(str(getattr(column, "name", column)))
        found.update(getattr(item, "column_keys", ()) or ())
    return found


def indexed_columns_of(table: Table) -> set[str]:
    """Return the columns that are part of a key, a unique constraint or an index of a table."""
    items = [c for c in table.constraints if not isinstance(c, CheckConstraint)]
    return {
        column.name for item in (*items, *table.indexes) for column in getattr(item, "columns", ())
    }


def primary_key_of(items: Iterable[Any]) -> set[str]:
    """Return the columns of a PrimaryKeyConstraint among the items."""
    keys = [item for item in items if isinstance(item, PrimaryKeyConstraint)]
    return indexed_columns(keys)


def table_checks(column: Column[Any]) -> list[CheckConstraint]:
    """Return a column's checks as table checks, which every database lets us name."""
    found = [c for c in column.constraints if isinstance(c, CheckConstraint)]
    column.constraints.difference_update(found)
    return [
        CheckConstraint(
            check.sqltext, check.name, deferrable=check.deferrable, initially=check.initially,
            info=check.info,
        )
        for check in found
    ]  # fmt: skip


def name_checks(table: Table) -> None:
    """Name each unnamed check, so that a violation can be traced to it."""
    checks = [c for c in table.constraints if isinstance(c, CheckConstraint)]
    taken = {str(check.name) for check in checks if check.name is not None}
    unnamed = [check for check in checks if check.name is None]
    for check in sorted(unnamed, key=check_sql):
        columns = "_".join(checked_columns(check, table))
        base = name = short_name(f"ck_{table.name}_{columns}".rstrip("_"))
        number = 1
        while name in taken:
            number += 1
            end = f"_{number}"
            name = short_name(base + end)
        taken.add(name)
        check.name = name


def check_sql(check: CheckConstraint) -> str:
    """Return the SQL of a check, with literal values."""
    return str(check.sqltext.compile(compile_kwargs={"literal_binds": True}))


def checked_columns(check: CheckConstraint, table: Table) -> list[str]:
    """Return the columns that the SQL of a check refers to."""
    words = set(re.findall(r"\w+", check_sql(check)))
    return [column.name for column in table.columns if column.name in words]


def is_computed(column: Column[Any]) -> bool:
    """True for a generated column (GENERATED ALWAYS AS)."""
    return column.computed is not None


def pop_defaults(
    spec: FieldSpec, column: Column[Any]
) -> tuple[DefaultFactory | None, DefaultFactory | None]:
    """Return the column's default and onupdate, as callables for INSERT and UPDATE.

    A default replaces None. A default that only the database can evaluate
    stays on the column as its server_default.

    Raises: ValueError, for an unsupported default.
    """
    insert = _default_factory(spec, column, column.default, "default")
    update = _default_factory(spec, column, column.onupdate, "onupdate")
    if insert is None and column.server_default is not None:
        insert = _server_default_factory(spec, column)
    column.default = column.onupdate = None
    if not isinstance(column.server_onupdate, Computed):
        column.server_onupdate = None
    return insert, update


def _default_factory(
    spec: FieldSpec, column: Column[Any], given: Any, what: str
) -> DefaultFactory | None:
    if given is None:
        return None
    if getattr(given, "is_scalar", False):
        return lambda: copy.deepcopy(given.arg)
    if getattr(given, "is_callable", False):
        return lambda: given.arg(None)  # SQLAlchemy would pass an execution context
    if isinstance(getattr(given, "arg", None), functions.now | functions.current_timestamp):
        return _now(spec, column)
    raise ValueError(
        f"{what}={getattr(given, 'arg', given)!s} is worked out by the ORM of SQLAlchemy, which "
        f"does not run here. Give a value, a function or func.now()"
    )


def _server_default_factory(spec: FieldSpec, column: Column[Any]) -> DefaultFactory | None:
    """Evaluate a server_default where its value is known here; None for any other."""
    default: Any = column.server_default
    if not isinstance(default, DefaultClause):
        return None
    arg = default.arg
    if isinstance(arg, functions.now | functions.current_timestamp):
        return _now(spec, column)
    text = arg.text.strip() if isinstance(arg, TextClause) else str(arg)
    if isinstance(arg, TextClause):
        if text.upper() in ("CURRENT_TIMESTAMP", "NOW()", "CURRENT_TIMESTAMP(6)"):
            return _now(spec, column)
        if re.fullmatch(r"'(?:[^']|'')*'", text):
            text = text[1:-1].replace("''", "'")
        elif not re.fullmatch(r"[-+]?[\d.]+|true|false", text, re.IGNORECASE):
            return None
    elif isinstance(arg, ClauseElement):
        return None
    try:
        annotation: Any = spec.info.annotation
        value = TypeAdapter(annotation).validate_python(text)
    except ValidationError:
        return None
    return lambda: copy.deepcopy(value)


def _now(spec: FieldSpec, column: Column[Any]) -> DefaultFactory:
    zoned = getattr(column.type, "timezone", False) or _is_zoned(spec)
    zone = datetime.UTC if zoned else None

    def now() -> Any:
        made = datetime.datetime.now(datetime.UTC).replace(tzinfo=zone)
        return made.date() if column.type.python_type is datetime.date else made

    return now


def _is_zoned(spec: FieldSpec) -> bool:
    kinds = plain_types(spec.info.annotation)
    return any(getattr(kind, "__name__", "") == "AwareDatetime" for kind in kinds)
