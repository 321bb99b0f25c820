"""One entity of a unit of work, and the change that its commit makes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starmodel.app.commit.untouched import only_decoded
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Change, ColumnDefaults
from starmodel.core.changes.drafts import close_draft
from starmodel.core.changes.patches import Patch, diff
from starmodel.core.changes.transitions import check_transitions
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidStateError
from starmodel.core.snapshot import stored, version_of
from starmodel.texts.catalogue import Message

_NO_PATCH = Patch()


@dataclass(slots=True)
class Tracked:
    """One entity of a unit: where it started, its draft, and what the commit made of it.

    Shapes: base is the snapshot it started from; new means that the store
    holds nothing yet; added, that `add` enlisted it; numbered, that its id
    was made by the store; written, that the last commit stored it;
    is_link, that a relation which an event changed enlisted it; is_linked, that the links of
    this entity change, so that it gets a new version; has_checked_choices, that
    `UnitOfWork.check_choices` has seen its draft. checks
    raise when the stored state they are given is not open to the caller, conditions when the
    event is not possible on it: those are asked until the first step of the event is stored.
    """

    entity_type: EntityType
    id: Any
    base: Entity
    draft: Entity
    new: bool
    deleted: bool = False
    added: bool = False
    numbered: bool = False
    written: bool = False
    is_link: bool = False
    is_linked: bool = False
    has_checked_choices: bool = False
    made: Entity | None = None
    patch: Patch = _NO_PATCH
    checks: tuple[Callable[[Entity], Awaitable[None]], ...] = ()
    conditions: tuple[Callable[[Entity], Awaitable[None]], ...] = ()

    async def check_access(self, stored: Entity) -> None:
        """Decide access on the state that the next commit replaces."""
        if not (self.new and self.entity_type.is_record):
            for check in (*self.checks, *self.conditions):
                await check(stored)


def change_of(
    tracked: Tracked, fills: ColumnDefaults | None, clock: Clock, *, save: bool
) -> Change | None:
    """What the commit is to store of this entity; None for nothing.

    Sets the snapshot and the patch of `tracked`.

    Shapes: fills are the store's own values; save is the event's wish to be
    stored where `auto_persist` is off.
    Raises: InvalidStateError.
    """
    entity_type, base = tracked.entity_type, tracked.base
    version = version_of(base)
    if tracked.deleted:
        tracked.patch = _NO_PATCH
        if tracked.new:
            return None
        return Change(entity_type.cls, tracked.id, "delete", version, version + 1, before=base)
    made = close_draft(tracked.draft)
    patch = diff(base, made)
    if entity_type.cls.__entity__.transitions and not (tracked.new and entity_type.is_record):
        check_transitions(base, made)
    decoded: Set[str] = frozenset()
    if not tracked.new:
        values: dict[str, Any] = object.__getattribute__(tracked.draft, "__dict__")
        for name, value in patch.set.items():
            if values.get(name) is not value:  # validation returned another value
                decoded = only_decoded(tracked.draft, base, made, patch.set)
                patch = _without(patch, decoded) if decoded else patch
                break
    touched = entity_type.cls.__entity__.updated_at_field
    if fills is not None or touched:
        filled = _values_of_store(tracked, made, patch, fills, touched, clock)
        if filled:
            made = made.evolve(**filled)
            patch = _without(diff(base, made), decoded - filled.keys())
    tracked.made, tracked.patch = made, patch
    adds = tracked.new and entity_type.is_record
    if "id" in patch.set and not adds:
        raise InvalidStateError(
            f"{entity_type.name}: the id of a stored entity can't be changed.",
            {"id": Message("value.fixed")},
        )
    if not (entity_type.auto_persist or save):
        stored(made, version)
        return None
    if not adds and not (patch.set or patch.unset or tracked.is_linked):
        tracked.made = base
        if tracked.new:
            return None  # the visitor's own, still as it always starts
        return Change(entity_type.cls, tracked.id, "check", version, version)
    if tracked.new:
        id = made.id if adds else tracked.id
        return Change(
            entity_type.cls, id, "insert", 0, max(version + 1, int(clock() * 1e6)), made,
            patch, entity_type.ttl_s,
        )  # fmt: skip
    return Change(
        entity_type.cls,
        tracked.id,
        "update",
        version,
        version + 1,
        made,
        patch,
        entity_type.ttl_s,
        base,
    )


def _values_of_store(
    tracked: Tracked,
    made: Entity,
    patch: Patch,
    fills: ColumnDefaults | None,
    touched: str,
    clock: Clock,
) -> dict[str, Any]:
    """The values that a commit adds by itself: the time of the change, and the store's own."""
    is_changed = bool(patch.set or patch.unset)
    filled: dict[str, Any] = {}
    if touched and is_changed and not tracked.new:
        filled[touched] = datetime.fromtimestamp(clock(), UTC)
    if fills is not None and (tracked.new or is_changed):
        filled |= _filled(fills, made, patch, new=tracked.new)
    return filled


def _without(patch: Patch, names: Set[str]) -> Patch:
    """The patch without fields that other programs may find only as they wrote them."""
    return Patch({n: v for n, v in patch.set.items() if n not in names}, patch.unset)


def _filled(fills: ColumnDefaults, made: Entity, patch: Patch, *, new: bool) -> dict[str, Any]:
    if new:
        return {n: fill() for n, fill in fills.insert.items() if getattr(made, n) is None}
    return {n: fill() for n, fill in fills.update.items() if n not in patch.set}
