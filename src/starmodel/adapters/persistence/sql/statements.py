"""Compiled statements of one class, and the decoding of rows to snapshots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from sqlalchemy.sql import ClauseElement, ColumnElement

from starmodel.adapters.persistence.sql.compiled_sql import CompiledSql, Row, compile_sql
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.external_versions import ExternalVersions
from starmodel.adapters.persistence.sql.known_rows import KnownRows, can_be_shared
from starmodel.adapters.persistence.sql.schema.entity_table import (
    EXPIRES,
    VERSION,
    EntityTable,
    Reference,
)
from starmodel.app.ports.clock import Clock
from starmodel.core.entity import Entity
from starmodel.core.errors import ConstraintError
from starmodel.core.snapshot import construct
from starmodel.core.values.validation_messages import PRIVATE_PROBLEM
from starmodel.texts.catalogue import Message

Fetch = Callable[[str, Row], Awaitable[Sequence[Row]]]
MAX_SHAPES = 512
DECODE_ERRORS = (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)


class Statements:
    """The SQL statements on one table, with parameters in a fixed order.

    Shapes: get takes (id, now) where rows can expire, else (id,); its row
    is the fields in order, then the version; get_locked also locks the row
    until the commit. version takes the same and returns the row for
    `is_at`; lock and share do so too and lock the row until the commit,
    against writers and, lock, against other lock holders. insert takes
    every field, then the values of `hidden`. delete takes (id, base
    version) (and now). target_queries find, by field, the row that a foreign key
    refers to; write_statements maps each write's SQL to the statement it was
    compiled from.
    For a table without a version column, external has the versions, rows
    end with the last field, and no statement takes a base version.
    Where rows can expire there are delete_expired, which takes (id, now), and
    touch (expiry, id, now).
    Units: depth counts the tables that must be filled before this one.
    """

    delete_expired: str
    touch: str
    is_referenced: bool = False
    any_expired: CompiledSql
    sweep: CompiledSql
    lock_expired: CompiledSql

    def __init__(
        self, mapped: EntityTable, depth: int, sql_dialect: SqlDialect, clock: Clock
    ) -> None:
        self.mapped, self.cls, self.depth, self.sql_dialect = mapped, mapped.cls, depth, sql_dialect
        table, key = mapped.table, mapped.key.column
        self._names = tuple(mapped.fields)
        self._encode_id, self.has_ttl = mapped.key.codec.encode, mapped.has_ttl
        self.external: ExternalVersions | None = None
        self.row = select(*(field.column for field in mapped.fields.values()))
        id = bindparam("id_", type_=key.type)
        by_id = [key == id, *self.not_expired()]
        if mapped.versioned:
            self.row = self.row.add_columns(table.c[VERSION])
            version = select(table.c[VERSION]).where(*by_id)
        else:
            self.external = ExternalVersions(self._names.index("id"), clock)
            version = self.row.where(*by_id)
        self._hidden = slice(0 if mapped.versioned else 1, 2 if EXPIRES in table.c else 1)
        self.get = self._compiled(self.row.where(*by_id)).sql
        self.get_locked = self._compiled(self.row.where(*by_id).with_for_update()).sql
        self.version = self._compiled(version).sql
        self.lock = self._compiled(version.with_for_update()).sql
        self.share = self._compiled(version.with_for_update(read=True)).sql
        self.write_statements: dict[str, UpdateBase] = {}
        self.computed = frozenset(name for name, f in mapped.fields.items() if f.computed)
        self.server_defaulted = frozenset(
            name for name, f in mapped.fields.items() if f.has_server_default
        )
        self._inserts: dict[frozenset[str], str] = {}
        self._identity = not mapped.versioned or any(c.identity is not None for c in table.columns)
        self.insert = self.insert_without(frozenset())
        self.delete = self._write(delete(table).where(key == id, *self._is_base()))
        if self.has_ttl:
            self._compile_expiry()
        self.target_queries = {
            name: self._target_query(foreign.column)
            for name, field in mapped.fields.items()
            for foreign in field.column.foreign_keys
        }
        self.table_name = mapped.table.fullname
        self.uniques = mapped.uniques
        self.references: list[Reference] = []
        self._updates: dict[tuple[tuple[str, ...], bool], str] = {}
        self._decoders = tuple(
            (name, field.codec.decode)
            for name, field in mapped.fields.items()
            if field.codec.decode is not None
        )
        self._fields_set = frozenset(self._names)
        shared = self.external is None and can_be_shared(self.cls)
        self._known = KnownRows(self.snapshot_of) if shared else None

    def _compiled(self, statement: ClauseElement) -> CompiledSql:
        return compile_sql(statement, self.sql_dialect.sqlalchemy)

    def _write(self, statement: UpdateBase) -> str:
        sql = self._compiled(statement).sql
        self.write_statements[sql] = statement
        return sql

    def _compile_expiry(self) -> None:
        table, key = self.mapped.table, self.mapped.key.column
        own = key == bindparam("id_", type_=key.type)
        expired = table.c[EXPIRES] <= bindparam("now_", type_=Double)
        limit = bindparam("limit_", type_=BigInteger)
        self.delete_expired = self._compiled(delete(table).where(own, expired)).sql
        expires: dict[Any, Any] = {table.c[EXPIRES]: bindparam("expires_")}
        self.touch = self._compiled(
            update(table).values(expires).where(own, *self.not_expired())
        ).sql
        some = select(key).where(expired).limit(limit)
        self.any_expired = self._compiled(some)
        returned = (key, table.c[VERSION])
        self.sweep = self._compiled(delete(table).where(key.in_(some)).returning(*returned))
        self.lock_expired = self._compiled(
            select(*returned).where(expired).limit(limit).with_for_update(skip_locked=True)
        )

    def _target_query(self, target: ColumnElement[Any]) -> str:
        wanted = bindparam("key_", type_=target.type)
        return self._compiled(select(target).where(target == wanted)).sql

    def insert_without(self, names: frozenset[str]) -> str:
        """Return an INSERT without these fields; takes the values of the others and of `hidden`."""
        sql = self._inserts.get(names)
        if sql is None:
            table, fields = self.mapped.table, self.mapped.fields
            written = [
                field.column.name
                for name, field in fields.items()
                if name not in names | self.computed
            ]
            written += [name for name in (VERSION, EXPIRES)[self._hidden] if name in table.c]
            values: dict[str, Any] = {name: bindparam(f"v{n}") for n, name in enumerate(written)}
            sql = self._write(insert(table).values({table.c[n]: v for n, v in values.items()}))
            if self._identity:
                sql = self.sql_dialect.overriding_generated(sql)
            self._inserts[names] = sql
        return sql

    def not_expired(self) -> list[ColumnElement[bool]]:
        """Return the condition that a row has not expired, with the parameter `now_`; or none."""
        if not self.has_ttl:
            return []
        expires = self.mapped.table.c[EXPIRES]
        return [or_(expires.is_(None), expires > bindparam("now_", type_=Double))]

    def _is_base(self) -> list[ColumnElement[bool]]:
        """Return the conditions that the row is alive and at the version `base_`, if it has one."""
        if not self.mapped.versioned:
            return self.not_expired()
        version = self.mapped.table.c[VERSION]
        return [version == bindparam("base_", type_=BigInteger), *self.not_expired()]

    def hidden_values(self, version: int, expires: float | None) -> Row:
        """Return the values of the hidden columns that the table has."""
        values: Row = (version, expires)
        return values[self._hidden]

    @property
    def has_order_constraints(self) -> bool:
        """True when constraints may depend on the order in which rows of the table are written."""
        return bool(self.uniques or self.references or self.is_referenced)

    def resolve_references(self, others: Mapping[str, EntityTable]) -> None:
        """Resolve the foreign keys to fields of other tables. Shapes: others are by name."""
        own = self.mapped.field_names
        for constraint in self.mapped.table.foreign_key_constraints:
            other = others.get(constraint.referred_table.fullname)
            if other is None:
                continue
            names = [element.column.name for element in constraint.elements]
            targets = tuple(other.field_names[n] for n in names if n in other.field_names)
            if len(targets) == len(names):
                fields = tuple(own[column.name] for column in constraint.columns)
                self.references.append(Reference(fields, (other.table.fullname, targets)))

    def key_of(self, names: tuple[str, ...], state: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the key of a row by these fields, None when one of them is NULL or unknown.

        Case-insensitive, as unique indexes are in some databases.
        """
        made = []
        for name in names:
            value = state.get(name)
            if value is None:
                return None
            try:
                value = self.mapped.fields[name].codec.encode(value)
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                return None
            made.append(value.casefold() if isinstance(value, str) else value)
        return tuple(made)

    def update(self, names: tuple[str, ...], *, hidden: bool = True) -> str:
        """Return an UPDATE of these fields; takes their values, `hidden`, id, base (and now).

        Shapes: without hidden the row's version stays the same.
        """
        sql = self._updates.get((names, hidden))
        if sql is None:
            table, key = self.mapped.table, self.mapped.key.column
            values: dict[Any, Any] = {
                self.mapped.fields[name].column: bindparam(f"f{number}")
                for number, name in enumerate(names)
            }
            if hidden:
                own = (VERSION, EXPIRES)[self._hidden]
                values |= {table.c[name]: bindparam(name) for name in own}
            statement = (
                update(table)
                .ordered_values(*values.items())
                .where(key == bindparam("id_", type_=key.type), *self._is_base())
            )
            if len(self._updates) >= MAX_SHAPES:
                for old in self._updates.values():
                    self.write_statements.pop(old, None)
                self._updates.clear()
            sql = self._updates[names, hidden] = self._write(statement)
        return sql

    def key_params(self, id: Any, now: Callable[[], float]) -> Row | None:
        """Return the parameters that find a row; None for an id that no row can have."""
        try:
            key = self._encode_id(id)
        except ValueError:
            return None
        return (key, now()) if self.has_ttl else (key,)

    def encoded(self, name: str, value: Any) -> Any:
        """Encode a field's value for SQL. Raises: ConstraintError, naming field and reason."""
        field = self.mapped.fields[name]
        if value is None:
            return None
        try:
            return field.codec.encode(value)
        except ValueError as error:
            message = f"{self.cls.__name__}.{name} {error}."
            if name in self.cls.__entity__.private:
                raise ConstraintError(message, shown=PRIVATE_PROBLEM) from error
            problem = Message("constraint.column", title=field.title, problem=str(error))
            entity = self.cls.__entity__.name
            raise ConstraintError(message, {name: problem}, entity=entity) from error

    def is_at(self, row: Row, version: int) -> bool:
        """True when a row read by `version`, `lock` or `share` is in the state of the version."""
        if self.external is not None:
            return self.external.is_at(row, version)
        return row[0] == version  # type: ignore[no-any-return]

    def stored_version(self, row: Row) -> int:
        """Return the version of such a row, for error messages."""
        if self.external is not None:
            return self.external.stored_version(row)
        return row[0]  # type: ignore[no-any-return]

    async def read(self, fetch: Fetch, sql: str, params: Row) -> tuple[Sequence[Row], list[Entity]]:
        """Run a query; return its rows and their snapshots, each at its version."""
        if self.external is not None:
            return await self.external.read(lambda: fetch(sql, params), self.snapshot_of)
        rows = await fetch(sql, params)
        snapshot_of = self.snapshot_of
        return rows, [snapshot_of(row, row[-1]) for row in rows]

    async def read_list(self, fetch: Fetch, sql: str, params: Row) -> list[Entity]:
        """Run a query; return the snapshots of its rows, which lists share while rows are equal."""
        if self._known is None:
            return (await self.read(fetch, sql, params))[1]
        return self._known.snapshots(await fetch(sql, params))

    def snapshot_of(self, row: Row, version: int) -> Entity:
        """Decode a row to its snapshot: frozen, and marked as stored at the version.

        Validators don't run: they ran before the row was written. A value that
        its type can't decode is returned as it is stored.
        """
        values = dict(zip(self._names, row, strict=False))
        for name, decode in self._decoders:
            value = values[name]
            if value is not None:
                try:
                    values[name] = decode(value)
                except DECODE_ERRORS:
                    continue
        return construct(self.cls, values, set(self._fields_set), version)
