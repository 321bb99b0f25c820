"""Compiles a batch of changes to executable steps."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.schema.constraints import (
    ConstraintViolatedError,
    constraint_error,
)
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.write.step_order import Part, sort_changes
from starmodel.app.ports.repository import Change
from starmodel.core.changes.patches import same
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, ConstraintError, VersionConflictError
from starmodel.texts.catalogue import Message, joined


@dataclass(slots=True, eq=False)  # not frozen, which would cost as much as the rest
class Step:
    """One change as executable SQL, independent of any mutable user object.

    Shapes: key_params are the parameters of `Statements.version`; base is the
    version that must be stored, None for an insert; version is the one that
    it stores; references are the foreign keys that it writes, by field; snapshot
    is the state that must read back, for an external row; continues, an
    earlier step of the batch has already compared the row; is_last, no
    later step changes the row.
    """

    statements: Statements
    id: Any
    kind: str
    base: int | None
    key_params: Row
    sql: str = ""
    params: Row = ()
    references: tuple[tuple[str, Any], ...] = ()
    version: int = 0
    snapshot: Entity | None = None
    continues: bool = False
    is_last: bool = True

    @property
    def needs_row_check(self) -> bool:
        """True for an external row, which must be locked and compared."""
        return self.statements.external is not None

    @property
    def is_single_statement(self) -> bool:
        """True for a single statement; an insert may have to remove an expired row first."""
        return not (self.needs_row_check or (self.kind == "insert" and self.statements.has_ttl))

    def executes(self, change: Change) -> bool:
        """True when this step executes the change."""
        return change.entity is self.statements.cls and change.id == self.id

    @property
    def lock_order(self) -> tuple[str, str]:
        """Sort key of its row in the lock order."""
        return self.statements.mapped.table.name, str(self.key_params[0])

    def is_base(self, row: Row | None) -> bool:
        """True when the stored row is in the state that this step builds on."""
        if row is None or self.base is None:
            return row is None and self.base is None
        return self.statements.is_at(row, self.base)

    def require_base(self, row: Row | None) -> None:
        """Compare the stored row with the base. Raises: VersionConflictError."""
        if not self.is_base(row):
            raise self.conflict(row)

    def conflict(self, row: Row | None) -> VersionConflictError:
        """Return the error for a stored row in another state; None for a missing row."""
        stored = None if row is None else self.statements.stored_version(row)
        return VersionConflictError(
            self.statements.cls.__name__, self.id, read=self.base or 0, stored=stored
        )

    def announce(self, row: Row | None) -> None:
        """Announce the version of the row after this step, as read in the transaction."""
        if self.statements.external is not None and self.is_last:
            read = row if row is not None and self._reads_back(row) else None
            self.statements.external.announce(self, self.key_params[0], read, self.version)

    def settle(self, *, stored: bool) -> None:
        """Record whether the announced version was committed."""
        if self.statements.external is not None:
            self.statements.external.settle(self, stored=stored)

    def _reads_back(self, row: Row) -> bool:
        """True when the row has the values of its snapshot; triggers and types may alter them.

        Trailing zeros of a decimal and the offset of a datetime may differ.
        """
        if self.snapshot is None:
            return False
        wanted = self.snapshot.__dict__
        values = self.statements.snapshot_of(row, self.version).__dict__
        return all(value == wanted[n] or same(value, wanted[n]) for n, value in values.items())

    def refused(self, refused: ConstraintViolatedError) -> ConstraintError:
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
        for change, part, placeholders in sort_changes(changes, statements)
    ]


def _part_step(
    change: Change, own: Statements, now: float, part: Part, placeholders: Mapping[str, Any]
) -> Step:
    """Return one step of a change that takes two."""
    if part == "rest":
        step = _step(change, own, now)
        step.continues = True
        return step
    if part == "first":
        step = _step(change, own, now, placeholders)
        step.is_last = False
        return step
    names, key = tuple(placeholders), own.encoded("id", change.id)
    expiry_params = (now,) if own.has_ttl else ()
    key_params = (key, *expiry_params)
    base = int(change.base) if part == "release" else change.version
    tail = (key, *((base,) if own.external is None else ()), *expiry_params)
    if part == "release":
        sql = own.update(names, hidden=False)
        params = (*placeholders.values(), *tail)
        return Step(
            own, change.id, "update", base, key_params, sql, params, version=base, is_last=False
        )
    values = {} if change.snapshot is None else change.snapshot.__dict__
    encoded = {name: own.encoded(name, values[name]) for name in names}
    expires = None if change.ttl_s is None else now + change.ttl_s
    return Step(
        own,
        change.id,
        "update",
        base,
        key_params,
        own.update(names),
        (*encoded.values(), *own.hidden_values(change.version, expires), *tail),
        tuple((name, encoded[name]) for name in own.target_queries if name in encoded),
        change.version,
        None if own.external is None else copy.deepcopy(change.snapshot),
        continues=True,
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
    if kind == "update" and statements.external is not None and not change.patch.set:
        kind = "check"  # a row without a version column, of which only links to others change
    base = int(change.base)  # the number alone, without the commit of a PendingVersion
    has_ttl = statements.has_ttl
    expiry_params = (now,) if has_ttl else ()
    if change.id is None:
        raise ConstraintError(
            f"{change.entity.__name__} has no id. Give the record its id before it is stored.",
            {"id": Message("constraint.null", title="Id")},
        )
    key = statements.encoded("id", change.id)
    key_params = (key, *expiry_params)
    if kind == "check":
        return Step(statements, change.id, kind, base, key_params)
    versioned = statements.external is None
    base_params = (base,) if versioned else ()
    if kind == "delete":
        sql, params = statements.delete, (key, *base_params, *expiry_params)
        return Step(
            statements, change.id, kind, base, key_params, sql, params, version=change.version
        )
    if change.ttl_s is not None and not has_ttl:
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
        sql, tail = statements.insert, statements.hidden_values(change.version, expires)
        missing = {name for name in statements.server_defaulted if encoded.get(name) is None}
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
        tail = (
            *statements.hidden_values(change.version, expires),
            key,
            *base_params,
            *expiry_params,
        )
    encoded |= placeholders
    references = tuple(
        (name, encoded[name]) for name in statements.target_queries if name in encoded
    )
    return Step(
        statements,
        change.id,
        kind,
        None if kind == "insert" else base,
        key_params,
        sql,
        (*encoded.values(), *tail),
        references,
        change.version,
        None if versioned else copy.deepcopy(change.snapshot),
    )
