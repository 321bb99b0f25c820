"""Triggers that keep two columns equal, whichever of them a process writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.migrations.running.programs.program import Program
from starmodel.migrations.running.rows.sql_conversions import ColumnPair
from starmodel.migrations.steps.values import UNSET


@dataclass(frozen=True)
class Mirror(Program):
    """Triggers between the columns of two fields.

    An INSERT gives both the new value, or the old one where there is no new one. An UPDATE of one
    is copied to the other. Between two types, the copy is converted, and NULL where the other type
    has no such value. Versions of rows stay those that the writer gives them.

    Shapes: old and new are names of fields; on_error is that of `MirrorField`.
    """

    old: str
    new: str
    on_error: Any = UNSET

    def creation(self, sql_dialect: SqlDialect) -> list[str]:
        made = _Triggers(self, sql_dialect)
        create = {"sqlite": made.sqlite, "postgresql": made.postgresql}
        return create.get(sql_dialect.sqlalchemy.name, made.mysql)()

    def removal(self, sql_dialect: SqlDialect) -> list[str]:
        return _Triggers(self, sql_dialect).removal()


class _Triggers:
    """The statements of one mirror in one dialect."""

    def __init__(self, mirror: Mirror, sql_dialect: SqlDialect) -> None:
        defined = mirror.defined(sql_dialect)
        self._table: Table = defined.table
        self._preparer = sql_dialect.sqlalchemy.identifier_preparer
        self._dialect = sql_dialect.sqlalchemy.name
        old, new = defined.fields[mirror.old], defined.fields[mirror.new]
        self._old, self._new = self._quoted(old.column), self._quoted(new.column)
        self._pair = ColumnPair(old, new, sql_dialect, mirror.on_error)
        self._base = f"starmodel_mirror_{self._table.name}_{old.column.name}_{new.column.name}"

    def sqlite(self) -> list[str]:
        table, old, new = self._quoted(self._table), self._old, self._new
        keys = " AND ".join(
            f"{self._quoted(key)} = NEW.{self._quoted(key)}" for key in self._table.primary_key
        )
        to_new, to_old = self._pair.to_new.of, self._pair.to_old.of
        unequal = self._pair.unequal(f"NEW.{old}", f"NEW.{new}")
        update = f"UPDATE {table} SET"
        return [
            *self.removal(),
            f"CREATE TRIGGER {self._name('insert')} AFTER INSERT ON {table} WHEN {unequal} BEGIN "
            f"{update} {old} = CASE WHEN NEW.{new} IS NULL THEN NEW.{old} "
            f"ELSE {to_old(f'NEW.{new}')} END, "
            f"{new} = COALESCE(NEW.{new}, {to_new(f'NEW.{old}')}) WHERE {keys}; END",
            *(
                f"CREATE TRIGGER {self._name(event)} AFTER UPDATE OF {source} ON {table} "
                f"WHEN NEW.{source} IS NOT OLD.{source} AND {unequal} "
                f"BEGIN {update} {target} = {made(f'NEW.{source}')} WHERE {keys}; END"
                for event, source, target, made in (
                    ("old", old, new, to_new), ("new", new, old, to_old),
                )
            ),
        ]  # fmt: skip

    def postgresql(self) -> list[str]:
        table = self._qualified()
        insert, from_old, from_new = self._assignments(":=")
        body = (
            f"BEGIN IF TG_OP = 'INSERT' THEN {insert} "
            f"ELSIF {self._changed(self._old)} THEN {from_old}; "
            f"ELSIF {self._changed(self._new)} THEN {from_new}; "
            f"END IF; RETURN NEW; END"
        )
        function, trigger = self._name("row", in_schema=True), self._name("row")
        return [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS TRIGGER LANGUAGE plpgsql "
            f"AS $mirror${body}$mirror$",
            f"DROP TRIGGER IF EXISTS {trigger} ON {table}",
            f"CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()",
        ]

    def mysql(self) -> list[str]:
        table = self._qualified()
        insert, from_old, from_new = self._assignments("=", "SET ")
        return [
            *self.removal(),
            f"CREATE TRIGGER {self._name('insert', in_schema=True)} BEFORE INSERT ON {table} "
            f"FOR EACH ROW {insert.removesuffix(';')}",
            f"CREATE TRIGGER {self._name('update', in_schema=True)} BEFORE UPDATE ON {table} "
            f"FOR EACH ROW IF {self._changed(self._old)} THEN {from_old}; "
            f"ELSEIF {self._changed(self._new)} THEN {from_new}; END IF",
        ]

    def _assignments(self, sign: str, start: str = "") -> tuple[str, str, str]:
        """Return what an INSERT runs, and the copies of the old value and of the new one."""
        old, new = f"NEW.{self._old}", f"NEW.{self._new}"
        from_old = f"{start}{new} {sign} {self._pair.to_new.of(old)}"
        from_new = f"{start}{old} {sign} {self._pair.to_old.of(new)}"
        return f"IF {new} IS NULL THEN {from_old}; ELSE {from_new}; END IF;", from_old, from_new

    def _changed(self, column: str) -> str:
        """Return the condition that an UPDATE changes a column, and not as the copy does."""
        differs = self._pair.old_differs if column == self._old else self._pair.new_differs
        changed = differs(f"NEW.{column}", f"OLD.{column}")
        if not self._pair.converts:
            return changed
        return f"{changed} AND {self._pair.unequal(f'NEW.{self._old}', f'NEW.{self._new}')}"

    def removal(self) -> list[str]:
        if self._dialect == "postgresql":
            return [
                f"DROP TRIGGER IF EXISTS {self._name('row')} ON {self._qualified()}",
                f"DROP FUNCTION IF EXISTS {self._name('row', in_schema=True)}()",
            ]
        events = ("insert", "old", "new") if self._dialect == "sqlite" else ("insert", "update")
        return [f"DROP TRIGGER IF EXISTS {self._name(each, in_schema=True)}" for each in events]

    def _name(self, event: str, *, in_schema: bool = False) -> str:
        name = self._preparer.quote(short_name(f"{self._base}_{event}"))
        schema = self._table.schema if in_schema else None
        return name if schema is None else f"{self._preparer.quote(schema)}.{name}"

    def _qualified(self) -> str:
        return str(self._preparer.format_table(self._table))

    def _quoted(self, item: Column[object] | Table) -> str:
        return str(self._preparer.quote(item.name))
