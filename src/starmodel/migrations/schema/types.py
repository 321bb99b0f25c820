"""SQLAlchemy's column types as definitions, and back."""

from __future__ import annotations

import datetime
import decimal
import enum
import importlib
import inspect
import sys
import uuid
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import sqlalchemy
from pydantic import AwareDatetime, JsonValue, NaiveDatetime
from sqlalchemy import Boolean, Enum, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import CompileError
from sqlalchemy.types import NullType, TypeEngine, UserDefinedType

from starmodel.adapters.persistence.sql.dialects.codecs import is_enum
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.enum_codecs import stored_values
from starmodel.adapters.persistence.sql.schema.entity_table import CUSTOM
from starmodel.migrations.schema.definitions import Kind, TypeDefinition
from starmodel.migrations.schema.dialects import sql_dialects
from starmodel.migrations.schema.values import plain_json

KINDS: Mapping[Kind, Any] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": float,
    "bytes": bytes,
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "datetime": datetime.datetime,
    "aware_datetime": AwareDatetime,
    "naive_datetime": NaiveDatetime,
    "date": datetime.date,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
    "json": None,
    "custom": CUSTOM,
}
"""The kinds of `kind_of`; an enum class stands for itself."""

_NAMES: Mapping[Any, Kind] = {kind: name for name, kind in KINDS.items()}
_MODULES = (sqlalchemy, postgresql, mysql, sqlite)
_OF_CHECK = ("create_constraint", "name")  # a check of its own in the definition
_SCALARS = (str, int, bool, float, type(None))


class DeclaredType(UserDefinedType[Any]):
    """A column type of which only the SQL is known."""

    cache_ok = True

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def get_col_spec(self, **_: Any) -> str:
        return self.sql


def type_definition(
    kind: Any, given: TypeEngine[Any], *, is_indexed: bool, declared: bool
) -> TypeDefinition:
    """Return the definition of a column's type.

    Shapes: kind is that of `StoredField`; given is the type before a dialect derived its own;
    declared, it is an `Enum` that the class declares.
    """
    values: dict[str, JsonValue] = {}
    texts: dict[str, str] = {}
    if is_enum(kind):
        values = {name: plain_json(member.value) for name, member in kind.__members__.items()}
        if declared and isinstance(given, Enum):
            texts = _member_texts(kind, given)
        name: Kind = "enum"
    else:
        name = _NAMES[kind]
    base = given if name == "custom" else _undecorated(given)
    cls = type(base) if name == "custom" else _nearest(type(base))
    made = TypeDefinition(
        kind=name,
        name=_name_of(cls),
        arguments=_arguments(base, is_member_names=is_enum(kind) and not declared),
        values=values,
        texts=texts,
    )
    return made.model_copy(update={"ddl": _differing_ddl(made, kind, given, is_indexed)})


def column_type(
    definition: TypeDefinition, sql_dialect: SqlDialect, *, is_indexed: bool
) -> TypeEngine[Any]:
    """Return the type of the column in a dialect, as `derive_table` does for the class.

    Raises: CompileError, for a type that this dialect does not have.
    """
    wanted = definition.ddl.get(sql_dialect.sqlalchemy.name)
    given = declared_type(definition)
    if given is not None:
        made = _derived(definition, given, sql_dialect, is_indexed=is_indexed)
        if wanted is None or _ddl(made, sql_dialect) == wanted:
            return made
    if wanted is None:
        raise CompileError(f"{sql_dialect.title} has no type {definition.name}")
    return DeclaredType(wanted)


def kind_key(definition: TypeDefinition) -> Any:
    """Return the kind of a field as `kind_of` does; for an enum, a class with its member names."""
    if definition.kind == "enum":
        names = {name: number for number, name in enumerate(definition.values)}
        return enum.Enum("Values", names) if names else enum.Enum
    return KINDS[definition.kind]


def declared_type(definition: TypeDefinition) -> TypeEngine[Any] | None:
    """Return the type that the class declares, or None where it can't be made any more."""
    cls = type_class(definition.name)
    if cls is None:
        return None
    arguments = dict(definition.arguments)
    try:
        if issubclass(cls, Enum):
            names: Any = arguments.pop("enums", None) or _without_aliases(definition.values)
            return cls(*names, **arguments)
        return cls(**{name: _revived(value) for name, value in arguments.items()})
    except Exception:  # a constructor of the application may raise anything
        return None


def type_class(name: str) -> type[TypeEngine[Any]] | None:
    """Return the class of a type by its name in a definition; None when it does not exist."""
    module_name, _, class_name = name.rpartition(".")
    module = sys.modules.get(module_name or "sqlalchemy")
    if module is None:
        try:
            module = importlib.import_module(module_name)
        except Exception:  # a module of last year is gone, or fails
            return None
    found = getattr(module, class_name, None)
    return found if isinstance(found, type) and issubclass(found, TypeEngine) else None


def _derived(
    definition: TypeDefinition,
    given: TypeEngine[Any],
    sql_dialect: SqlDialect,
    *,
    is_indexed: bool,
) -> TypeEngine[Any]:
    if definition.kind == "custom":
        return given
    if definition.texts and isinstance(given, Enum):
        return sql_dialect.declared_enum(given)
    return sql_dialect.column_type(kind_key(definition), given, is_indexed=is_indexed)


def _differing_ddl(
    definition: TypeDefinition, kind: Any, given: TypeEngine[Any], is_indexed: bool
) -> dict[str, str]:
    """Return the SQL of the type for each dialect in which the definition is not enough.

    That of an application's type always, because its class may change or go.
    """
    is_lasting = hasattr(sqlalchemy, definition.name) or definition.name.startswith("sqlalchemy.")
    rebuilt = declared_type(definition) if is_lasting else None
    differing = {}
    for name, sql_dialect in sql_dialects().items():
        wanted = _ddl(_derived(definition, given, sql_dialect, is_indexed=is_indexed), sql_dialect)
        made = None
        if rebuilt is not None:
            derived = _derived(definition, rebuilt, sql_dialect, is_indexed=is_indexed)
            made = _ddl(derived, sql_dialect)
        if wanted is not None and wanted != made:
            differing[name] = wanted
    return differing


def _ddl(made: TypeEngine[Any], sql_dialect: SqlDialect) -> str | None:
    try:
        return str(sql_dialect.sqlalchemy.type_compiler_instance.process(made))
    except (CompileError, NotImplementedError):
        return None


def _undecorated(given: TypeEngine[Any]) -> TypeEngine[Any]:
    return given.impl_instance if isinstance(given, TypeDecorator) else given


def _nearest(cls: type[TypeEngine[Any]]) -> type[TypeEngine[Any]]:
    """Return the class itself or its closest base that SQLAlchemy exports."""
    return next(base for base in cls.__mro__ if _module_of(base) is not None)


def _name_of(cls: type[TypeEngine[Any]]) -> str:
    module = _module_of(cls)
    if module is sqlalchemy:
        return cls.__name__
    return f"{cls.__module__ if module is None else module.__name__}.{cls.__qualname__}"


def _module_of(cls: type[Any]) -> ModuleType | None:
    return next((m for m in _MODULES if getattr(m, cls.__name__, None) is cls), None)


def _arguments(given: TypeEngine[Any], *, is_member_names: bool) -> dict[str, JsonValue]:
    """Return the arguments of a type's constructor that are no defaults, as JSON."""
    if isinstance(given, Enum):
        return _enum_arguments(given, is_member_names=is_member_names)
    found: dict[str, JsonValue] = {}
    shown = given.impl_instance if isinstance(given, TypeDecorator) else given
    for name, parameter in _parameters(given).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name == "self" or (isinstance(given, Boolean) and name in _OF_CHECK):
            continue
        value = getattr(given, name, getattr(shown, name, parameter.default))
        if isinstance(value, TypeEngine) and not isinstance(value, NullType):
            inner = _arguments(value, is_member_names=False)
            found[name] = {"type": _name_of(type(value)), "arguments": inner}
        elif isinstance(value, _SCALARS) and value != parameter.default:
            found[name] = value
    return found


def _parameters(given: TypeEngine[Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a type's constructor, and of the type below a decorated one."""
    found = dict(inspect.signature(type(given).__init__).parameters)
    takes_more = any(each.kind is each.VAR_KEYWORD for each in found.values())
    if isinstance(given, TypeDecorator) and takes_more:
        found |= inspect.signature(type(given.impl_instance).__init__).parameters
    return found


def _enum_arguments(given: Enum, *, is_member_names: bool) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    if not is_member_names:
        found["enums"] = list(given.enums)
    if given.name and not is_member_names:
        found["name"] = str(given.name)
    if not given.native_enum:
        found["native_enum"] = False
    if given.length != max(map(len, given.enums), default=0):
        found["length"] = given.length
    return found


def _without_aliases(values: Mapping[str, JsonValue]) -> list[str]:
    """Return the names of members, without the further names of one value."""
    seen: list[JsonValue] = []
    names = []
    for name, value in values.items():
        if value not in seen:
            seen.append(value)
            names.append(name)
    return names


def _revived(value: Any) -> Any:
    """Return a type where the argument is one, and the value itself otherwise."""
    if isinstance(value, dict) and value.keys() == {"type", "arguments"}:
        inner = TypeDefinition(kind="custom", name=value["type"], arguments=value["arguments"])
        return declared_type(inner) or NullType()
    return value


def _member_texts(kind: type[enum.Enum], given: Enum) -> dict[str, str]:
    return {member.name: text for text, member in stored_values(kind, given).items()}
