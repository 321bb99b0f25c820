"""The statements of one class, compiled once, and the way from a row to a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    UpdateBase,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement, ColumnElement

from starmodel.adapters.persistence.sql.flavour import Flavour
from starmodel.adapters.persistence.sql.tables import EXPIRES, VERSION, EntityTable
from starmodel.core.entity import Entity, stored
from starmodel.core.errors import ConstraintError

Row = tuple[Any, ...]
MAX_SHAPES = 512
_set = object.__setattr__


@dataclass(frozen=True, slots=True)
class CompiledSql:
    """SQL text, its parameters in order, and the values of those that never change."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]

    def params(self, given: Mapping[str, Any]) -> Row:
        """The parameters in their order."""
        return tuple(given[n] if n in given else self.constants[n] for n in self.names)


def compile_sql(statement: ClauseElement, dialect: Dialect) -> CompiledSql:
    """A Core statement as one database reads it."""
    compiled: Any = statement.compile(dialect=dialect)
    return CompiledSql(str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))


class Statements:
    """What is asked of one table, as SQL text with parameters in a known order.

    Shapes: get takes (id, now) where rows can expire, else (id,); its row
    is the fields in order, then the version. version likewise gives one
    version; lock and share do so too and hold the row until the commit,
    against writers and, lock, against other holders. insert takes every
    field, then version and expiry. delete takes (id, base version) (and
    now), remove_dead (id, now), touch (expiry, id, now).
    targets looks up, by field, the row that a foreign key names; written
    is what the SQL of each write was compiled from.
    Units: depth counts the tables that must be filled before this one.
    """

    def __init__(self, mapped: EntityTable, depth: int, flavour: Flavour) -> None:
        self.mapped, self.cls, self.depth, self.flavour = mapped, mapped.cls, depth, flavour
        table, key = mapped.table, mapped.key.column
        columns = [field.column for field in mapped.fields.values()]
        self.row = select(*columns, table.c[VERSION])
        id = bindparam("id_", type_=key.type)
        by_id = [key == id, *self.alive()]
        base = table.c[VERSION] == bindparam("base_", type_=BigInteger)
        dead = table.c[EXPIRES] <= bindparam("now_", type_=Double)
        self.get = self._compiled(self.row.where(*by_id)).sql
        version = select(table.c[VERSION]).where(*by_id)
        self.version = self._compiled(version).sql
        self.lock = self._compiled(version.with_for_update()).sql
        self.share = self._compiled(version.with_for_update(read=True)).sql
        self.written: dict[str, UpdateBase] = {}
        self.insert = self._write(insert(table))
        self.delete = self._write(delete(table).where(key == id, base, *self.alive()))
        self.remove_dead = self._compiled(delete(table).where(key == id, dead)).sql
        self.touch = self._compiled(
            update(table).values({table.c[EXPIRES]: bindparam("expires_")}).where(*by_id)
        ).sql
        self.any_dead = self._compiled(
            select(key).where(dead).limit(bindparam("limit_", type_=BigInteger))
        )
        some = select(key).where(dead).limit(bindparam("limit_", type_=BigInteger))
        self.sweep = self._compiled(
            delete(table).where(key.in_(some)).returning(key, table.c[VERSION])
        )
        self.hold_dead = self._compiled(
            select(key, table.c[VERSION])
            .where(dead)
            .limit(bindparam("limit_", type_=BigInteger))
            .with_for_update(skip_locked=True)
        )
        self.targets = {
            name: self._find(foreign.column)
            for name, field in mapped.fields.items()
            for foreign in field.column.foreign_keys
        }
        self.linked = bool(self.targets)
        self._updates: dict[tuple[str, ...], str] = {}
        self._names = tuple(mapped.fields)
        self._decoders = tuple(
            (name, field.codec.decode)
            for name, field in mapped.fields.items()
            if field.codec.decode is not None
        )
        self._fields_set = frozenset(self._names)

    def _compiled(self, statement: ClauseElement) -> CompiledSql:
        return compile_sql(statement, self.flavour.dialect)

    def _write(self, statement: UpdateBase) -> str:
        sql = self._compiled(statement).sql
        self.written[sql] = statement
        return sql

    def _find(self, target: ColumnElement[Any]) -> str:
        wanted = bindparam("key_", type_=target.type)
        return self._compiled(select(target).where(target == wanted)).sql

    def alive(self) -> list[ColumnElement[bool]]:
        """The condition that a row has not expired, with the parameter `now_`; or none."""
        if not self.mapped.mortal:
            return []
        expires = self.mapped.table.c[EXPIRES]
        return [or_(expires.is_(None), expires > bindparam("now_", type_=Double))]

    def update(self, names: tuple[str, ...]) -> str:
        """An UPDATE of these fields; takes their values, version, expiry, id, base (and now)."""
        sql = self._updates.get(names)
        if sql is None:
            table, key = self.mapped.table, self.mapped.key.column
            values: dict[Any, Any] = {
                self.mapped.fields[name].column: bindparam(f"f{number}")
                for number, name in enumerate(names)
            }
            values |= {table.c[VERSION]: bindparam("version_")}
            values |= {table.c[EXPIRES]: bindparam("expires_")}
            statement = (
                update(table)
                .ordered_values(*values.items())
                .where(
                    key == bindparam("id_", type_=key.type),
                    table.c[VERSION] == bindparam("base_", type_=BigInteger),
                    *self.alive(),
                )
            )
            if len(self._updates) >= MAX_SHAPES:
                for old in self._updates.values():
                    self.written.pop(old, None)
                self._updates.clear()
            sql = self._updates[names] = self._write(statement)
        return sql

    def by_id(self, id: Any, now: Callable[[], float]) -> Row | None:
        """The parameters that find a row; None for an id that no row can have."""
        try:
            key = self.mapped.key.codec.encode(id)
        except ValueError:
            return None
        return (key, now()) if self.mapped.mortal else (key,)

    def encoded(self, name: str, value: Any) -> Any:
        """A field's value as SQL keeps it. Raises: ConstraintError, naming field and reason."""
        field = self.mapped.fields[name]
        if value is None:
            return None
        try:
            return field.codec.encode(value)
        except ValueError as error:
            raise ConstraintError(
                f"{self.cls.__name__}.{name} {error}.", {name: f"{field.title} {error}."}
            ) from error

    def load(self, row: Row) -> Entity:
        """The snapshot that a row keeps: sealed, and marked as stored at its version.

        Validators don't run: they ran before the row was written. A value
        that its type no longer takes is given as it is stored.
        """
        values = dict(zip(self._names, row, strict=False))
        for name, decode in self._decoders:
            value = values[name]
            if value is not None:
                try:
                    values[name] = decode(value)
                except (ArithmeticError, KeyError, TypeError, ValueError):
                    continue
        cls = self.cls
        made = cls.__new__(cls)
        _set(made, "__dict__", values)
        _set(made, "__pydantic_fields_set__", set(self._fields_set))
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        if cls.__pydantic_post_init__:
            made.model_post_init(None)
        return stored(made, row[-1])
