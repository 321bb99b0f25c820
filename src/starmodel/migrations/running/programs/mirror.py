"""Triggers that keep two columns equal, whichever of them a process writes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Table

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.migrations.running.programs.program import Program

_COMPARED_AS_TEXT = {"str", "enum", "json", "custom"}
"""Kinds of fields whose values a database may take for equal although they differ."""


@dataclass(frozen=True)
class Mirror(Program):
    """Triggers between the columns of two fields.

    An INSERT gives both the new value, or the old one where there is no new one. An UPDATE of one
    is copied to the other. Versions of rows stay those that the writer gives them.

    Shapes: old and new are names of fields.
    """

    old: str
    new: str

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
        self._kind = old.definition.type.kind
        self._base = f"starmodel_mirror_{self._table.name}_{old.column.name}_{new.column.name}"

    def sqlite(self) -> list[str]:
        table, old, new = self._quoted(self._table), self._old, self._new
        keys = " AND ".join(
            f"{self._quoted(key)} = NEW.{self._quoted(key)}" for key in self._table.primary_key
        )
        both = f"COALESCE(NEW.{new}, NEW.{old})"
        update = f"UPDATE {table} SET"
        return [
            *self.removal(),
            f"CREATE TRIGGER {self._name('insert')} AFTER INSERT ON {table} "
            f"WHEN NEW.{old} IS NOT NEW.{new} BEGIN "
            f"{update} {old} = {both}, {new} = {both} WHERE {keys}; END",
            *(
                f"CREATE TRIGGER {self._name(event)} AFTER UPDATE OF {source} ON {table} "
                f"WHEN NEW.{source} IS NOT OLD.{source} AND NEW.{target} IS NOT NEW.{source} "
                f"BEGIN {update} {target} = NEW.{source} WHERE {keys}; END"
                for event, source, target in (("old", old, new), ("new", new, old))
            ),
        ]

    def postgresql(self) -> list[str]:
        table, old, new = self._qualified(), self._old, self._new
        body = (
            f"BEGIN IF TG_OP = 'INSERT' THEN "
            f"IF NEW.{new} IS NULL THEN NEW.{new} := NEW.{old}; ELSE NEW.{old} := NEW.{new}; "
            f"END IF; "
            f"ELSIF {self._differs(old)} THEN NEW.{new} := NEW.{old}; "
            f"ELSIF {self._differs(new)} THEN NEW.{old} := NEW.{new}; "
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
        table, old, new = self._qualified(), self._old, self._new
        return [
            *self.removal(),
            f"CREATE TRIGGER {self._name('insert', in_schema=True)} BEFORE INSERT ON {table} "
            f"FOR EACH ROW IF NEW.{new} IS NULL THEN SET NEW.{new} = NEW.{old}; "
            f"ELSE SET NEW.{old} = NEW.{new}; END IF",
            f"CREATE TRIGGER {self._name('update', in_schema=True)} BEFORE UPDATE ON {table} "  # noqa: S608
            f"FOR EACH ROW IF {self._differs(old)} THEN SET NEW.{new} = NEW.{old}; "
            f"ELSEIF {self._differs(new)} THEN SET NEW.{old} = NEW.{new}; END IF",
        ]

    def removal(self) -> list[str]:
        if self._dialect == "postgresql":
            return [
                f"DROP TRIGGER IF EXISTS {self._name('row')} ON {self._qualified()}",
                f"DROP FUNCTION IF EXISTS {self._name('row', in_schema=True)}()",
            ]
        events = ("insert", "old", "new") if self._dialect == "sqlite" else ("insert", "update")
        return [f"DROP TRIGGER IF EXISTS {self._name(each, in_schema=True)}" for each in events]

    def _differs(self, column: str) -> str:
        """Return the condition that an UPDATE changes a column, also to or from NULL."""
        before, after = f"OLD.{column}", f"NEW.{column}"
        if self._kind in _COMPARED_AS_TEXT:
            if self._dialect == "postgresql":
                before, after = f"{before}::TEXT", f"{after}::TEXT"
            else:
                before, after = f"BINARY {before}", f"BINARY {after}"
        if self._dialect == "postgresql":
            return f"{after} IS DISTINCT FROM {before}"
        return f"NOT ({after} <=> {before})"

    def _name(self, event: str, *, in_schema: bool = False) -> str:
        name = self._preparer.quote(short_name(f"{self._base}_{event}"))
        schema = self._table.schema if in_schema else None
        return name if schema is None else f"{self._preparer.quote(schema)}.{name}"

    def _qualified(self) -> str:
        return str(self._preparer.format_table(self._table))

    def _quoted(self, item: Column[object] | Table) -> str:
        return str(self._preparer.quote(item.name))
