"""Compiles a batch of changes to executable steps."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from starmodel.adapters.persistence.sql.schema.constraints import RefusedError, constraint_error
from starmodel.adapters.persistence.sql.statements import Row, Statements
from starmodel.adapters.persistence.sql.write.step_order import Part, in_order
from starmodel.app.ports.repository import Change
from starmodel.core.changes.patches import same
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, ConstraintError, VersionConflictError
from starmodel.texts.catalogue import Message, joined


@dataclass(slots=True, eq=False)  # not frozen, which would cost as much as the rest
class Step:
    """One change as executable SQL, independent of any mutable user object.

    Shapes: find are the parameters of `Statements.version`; expect is the
    version that must be stored, None for an insert; makes is the version
    that it stores; links are the foreign keys that it writes, by field;
    after is the state that must read back, for a table without versions;
    follows, an earlier step of the batch has already checked the row's
    version; ends, no later step changes the row.
    """

    statements: Statements
    id: Any
    kind: str
    expect: int | None
    find: Row
    sql: str = ""
    params: Row = ()
    links: tuple[tuple[str, Any], ...] = ()
    makes: int = 0
    after: Entity | None = None
    follows: bool = False
    ends: bool = True

    @property
    def looks(self) -> bool:
        """True when the row has no version column, so it must be locked and compared."""
        return self.statements.row_versions is not None

    @property
    def single(self) -> bool:
        """True for a single statement; an insert may have to remove an expired row first."""
        return not (self.looks or (self.kind == "insert" and self.statements.mapped.mortal))

    def does(self, change: Change) -> bool:
        """True when this step executes the change."""
        return change.entity is self.statements.cls and change.id == self.id

    @property
    def place(self) -> tuple[str, str]:
        """Sort key of its row in the lock order."""
        return self.statements.mapped.table.name, str(self.find[0])

    def conflict(self, stored: int | None) -> VersionConflictError:
        """Return the error for a stored version other than the expected one."""
        return VersionConflictError(
            self.statements.cls.__name__, self.id, read=self.expect or 0, stored=stored
        )

    def announce(self, row: Row | None) -> None:
        """Announce the version of the row after this step, as read in the transaction."""
        if self.statements.row_versions is not None and self.ends:
            read = row if row is not None and self._left(row) else None
            self.statements.row_versions.announce(self, self.find[0], read, self.makes)

    def settle(self, *, stored: bool) -> None:
        """Record whether the announced version was committed."""
        if self.statements.row_versions is not None:
            self.statements.row_versions.settle(self, stored=stored)

    def _left(self, row: Row) -> bool:
        """True when the row has the values of its snapshot; triggers and types may alter them.

        Trailing zeros of a decimal and the offset of a datetime may differ.
        """
        if self.after is None:
            return False
        wanted, values = self.after.__dict__, self.statements.made(row, self.makes).__dict__
        return all(value == wanted[n] or same(value, wanted[n]) for n, value in values.items())

    def refused(self, refused: RefusedError) -> ConstraintError:
        """Return the error for a row that the database refused."""
        return constraint_error(self.statements.mapped, refused, self.kind)


def steps_of(
    changes: Sequence[Change],
    statements: Mapping[type[Entity], Statements],
    now: float,
) -> list[Step]:
    """Compile the changes to steps, in an order that foreign keys allow.

    Raises: ConstraintError, for a value that SQL can't store.
    """
    return [
        _step(change, statements[change.entity], now)
        if part == "whole"
        else _part_step(change, statements[change.entity], now, part, placeholders)
        for change, part, placeholders in in_order(changes, statements)
    ]


def _part_step(
    change: Change, own: Statements, now: float, part: Part, placeholders: Mapping[str, Any]
) -> Step:
    """Return one step of a change that takes two."""
    if part == "rest":
        step = _step(change, own, now)
        step.follows = True
        return step
    if part == "first":
        step = _step(change, own, now, placeholders)
        step.ends = False
        return step
    names, key = tuple(placeholders), own.encoded("id", change.id)
    alive = (now,) if own.mapped.mortal else ()
    find = (key, *alive)
    base = int(change.base) if part == "freed" else change.version
    tail = (key, *((base,) if own.row_versions is None else ()), *alive)
    if part == "freed":
        sql = own.update(names, hidden=False)
        params = (*placeholders.values(), *tail)
        return Step(own, change.id, "update", base, find, sql, params, makes=base, ends=False)
    values = {} if change.snapshot is None else change.snapshot.__dict__
    encoded = {name: own.encoded(name, values[name]) for name in names}
    expires = None if change.ttl_s is None else now + change.ttl_s
    return Step(
        own,
        change.id,
        "update",
        base,
        find,
        own.update(names),
        (*encoded.values(), *own.hidden(change.version, expires), *tail),
        tuple((name, encoded[name]) for name in own.targets if name in encoded),
        change.version,
        None if own.row_versions is None else copy.deepcopy(change.snapshot),
        follows=True,
    )


def _computed(statements: Statements, names: Collection[str]) -> ConstraintError:
    titles = {name: statements.mapped.fields[name].title for name in names}
    reasons = {name: Message("constraint.computed", title=title) for name, title in titles.items()}
    return ConstraintError(joined("joined.sentences", reasons.values()), reasons)


def _step(
    change: Change,
    statements: Statements,
    now: float,
    placeholders: Mapping[str, Any] = MappingProxyType({}),
) -> Step:
    kind = change.kind
    expect = int(change.base)  # a plain int, so that no earlier commit stays in memory
    mortal = statements.mapped.mortal
    alive = (now,) if mortal else ()
    if change.id is None:
        raise ConstraintError(
            f"{change.entity.__name__} has no id. Give the record its id before it is stored.",
            {"id": Message("constraint.null", title="Id")},
        )
    key = statements.encoded("id", change.id)
    find = (key, *alive)
    if kind == "check":
        return Step(statements, change.id, kind, expect, find)
    versioned = statements.row_versions is None
    base = (expect,) if versioned else ()
    if kind == "delete":
        sql, params = statements.delete, (key, *base, *alive)
        return Step(statements, change.id, kind, expect, find, sql, params, makes=change.version)
    if change.ttl_s is not None and not mortal:
        raise ConfigurationError(
            f"A change of {change.entity.__name__} has a ttl, but the class has none. "
            "Set model_config = {'ttl': …}."
        )
    expires = None if change.ttl_s is None else now + change.ttl_s
    if kind == "insert":
        values = {} if change.snapshot is None else change.snapshot.__dict__
        encoded = {
            name: statements.encoded(name, values[name])
            for name in statements.mapped.fields
            if name not in statements.computed
        }
        sql, tail = statements.insert, statements.hidden(change.version, expires)
        missing = {name for name in statements.left_out if encoded.get(name) is None}
        if missing:
            sql = statements.insert_without(frozenset(missing))
            encoded = {name: value for name, value in encoded.items() if name not in missing}
    else:
        made = statements.computed & change.patch.set.keys()
        if made:
            raise _computed(statements, made)
        encoded = {
            name: statements.encoded(name, value) for name, value in change.patch.set.items()
        }
        sql = statements.update(tuple(encoded))
        tail = (*statements.hidden(change.version, expires), key, *base, *alive)
    encoded |= placeholders
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
        change.version,
        None if versioned else copy.deepcopy(change.snapshot),
    )
