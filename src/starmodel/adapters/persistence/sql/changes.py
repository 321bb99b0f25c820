"""From a batch of changes to finished SQL, and from SQLite's refusals to our errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.adapters.persistence.sql.statements import Row, Statements
from starmodel.app.ports import Change
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, ConstraintError, VersionConflictError

RANK = {"check": 0, "insert": 1, "update": 2, "delete": 3}


@dataclass(frozen=True, slots=True)
class Step:
    """One change as finished SQL; holds nothing that user code could still change.

    Shapes: find are the parameters of `Statements.version`; expect is the
    version that must be stored, None for an insert; links are the foreign
    keys that it writes, by field.
    """

    statements: Statements
    id: Any
    kind: str
    expect: int | None
    find: Row
    sql: str = ""
    params: Row = ()
    links: tuple[tuple[str, Any], ...] = ()

    @property
    def single(self) -> bool:
        """True when it is one statement; an insert may have to remove an expired row first."""
        return self.kind != "insert" or not self.statements.mapped.mortal

    def does(self, change: Change) -> bool:
        """True when this step was made of the change."""
        return change.entity is self.statements.cls and change.id == self.id

    def run(self, connection: sqlite3.Connection) -> None:
        """Do it. Raises: VersionConflictError; ConstraintError."""
        if self.kind == "check":
            if self._stored(connection) != self.expect:
                raise self.conflict(connection)
            return
        try:
            done = connection.execute(self.sql, self.params).rowcount
        except sqlite3.IntegrityError as error:
            if self.kind != "insert":
                raise self._refused(connection, error) from error
            done = self._insert_again(connection, error)
        if done != 1:
            raise self.conflict(connection)

    def _insert_again(self, connection: sqlite3.Connection, error: sqlite3.IntegrityError) -> int:
        """After a refusal: put it in the place of an expired row, if that was in the way."""
        if self._stored(connection) is not None:
            raise self.conflict(connection) from error
        if not self.statements.mapped.mortal:
            raise self._refused(connection, error) from error
        connection.execute(self.statements.remove_dead, self.find)
        try:
            return connection.execute(self.sql, self.params).rowcount
        except sqlite3.IntegrityError as again:
            raise self._refused(connection, again) from again

    def _stored(self, connection: sqlite3.Connection) -> int | None:
        row = connection.execute(self.statements.version, self.find).fetchone()
        return None if row is None else row[0]

    def conflict(self, connection: sqlite3.Connection) -> VersionConflictError:
        """The refusal of this step, with the version that is stored now."""
        return VersionConflictError(
            self.statements.cls.__name__,
            self.id,
            read=self.expect or 0,
            stored=self._stored(connection),
        )

    def _refused(
        self, connection: sqlite3.Connection, error: sqlite3.IntegrityError
    ) -> ConstraintError:
        """The constraint that failed, in words for the person at the form."""
        mapped = self.statements.mapped
        named = {part.rpartition(".")[2] for part in str(error).partition(": ")[2].split(", ")}
        titles = {
            field.name: field.title
            for field in mapped.fields.values()
            if field.column.name in named
        }
        if error.sqlite_errorname == "SQLITE_CONSTRAINT_FOREIGNKEY":
            if self.kind == "delete":
                return ConstraintError(
                    f"{mapped.entity_type.title} can't be deleted: other records refer to it."
                )
            told = {
                name: f"{mapped.fields[name].title} refers to a record that does not exist."
                for name, key in self.links
                if connection.execute(self.statements.targets[name], (key,)).fetchone() is None
            }
        elif error.sqlite_errorname == "SQLITE_CONSTRAINT_NOTNULL":
            told = {name: f"{title} is required." for name, title in titles.items()}
        elif error.sqlite_errorname == "SQLITE_CONSTRAINT_CHECK":
            told = {}
        else:
            both = " and ".join(titles.values()) + (" together" if len(titles) > 1 else "")
            told = dict.fromkeys(titles, f"{both} is already taken.")
        reason = " ".join(dict.fromkeys(told.values())) or f"{error}."
        return ConstraintError(f"{mapped.entity_type.title} can't be stored: {reason}", told)


def steps_of(
    changes: Sequence[Change],
    statements: Mapping[type[Entity], Statements],
    now: float,
) -> list[Step]:
    """The changes as steps, in an order that foreign keys allow.

    Raises: ConstraintError, for a value that SQL can't keep.
    """
    if len(changes) > 1 and any(statements[change.entity].linked for change in changes):

        def order(change: Change) -> tuple[int, int]:
            depth = statements[change.entity].depth
            return RANK[change.kind], -depth if change.kind == "delete" else depth

        changes = sorted(changes, key=order)
    return [_step(change, statements[change.entity], now) for change in changes]


def _step(change: Change, statements: Statements, now: float) -> Step:
    kind, expect = change.kind, change.base
    mortal = statements.mapped.mortal
    alive = (now,) if mortal else ()
    if change.id is None:
        raise ConstraintError(
            f"{change.entity.__name__} has no id. Give the record its id before it is stored.",
            {"id": "Id is required."},
        )
    key = statements.encoded("id", change.id)
    find = (key, *alive)
    if kind == "check":
        return Step(statements, change.id, kind, expect, find)
    if kind == "delete":
        return Step(
            statements, change.id, kind, expect, find, statements.delete, (key, expect, *alive)
        )
    if change.ttl_s is not None and not mortal:
        raise ConfigurationError(
            f"A change of {change.entity.__name__} has a ttl, but the class has none. "
            "Set model_config = {'ttl': …}."
        )
    expires = None if change.ttl_s is None else now + change.ttl_s
    if kind == "insert":
        values = {} if change.snapshot is None else change.snapshot.__dict__
        encoded = {
            name: statements.encoded(name, values[name]) for name in statements.mapped.fields
        }
        sql, tail = statements.insert, (change.version, expires)
    else:
        encoded = {
            name: statements.encoded(name, value) for name, value in change.patch.set.items()
        }
        sql = statements.update(tuple(encoded))
        tail = (change.version, expires, key, expect, *alive)
    links = tuple((name, encoded[name]) for name in statements.targets if name in encoded)
    return Step(
        statements,
        change.id,
        kind,
        None if kind == "insert" else expect,
        find,
        sql,
        (*encoded.values(), *tail),
        links,
    )
