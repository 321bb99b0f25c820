"""Invalidation of live lists: whether a change may affect the result of a query."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from starmodel.app.live.snapshots import snapshot_of
from starmodel.app.ports.messages import Changed
from starmodel.app.ports.query import Query, fields_of
from starmodel.core.entity import Entity

Matches = Callable[[Query, Entity], bool | None]


class RecordChange:
    """One change, with the record's snapshots before and after as far as the message has them.

    Created once for all lists of a class; its snapshots are validated lazily.
    Shapes: matches is `Repository.matches` of the class's store.
    """

    def __init__(self, cls: type[Entity], message: Changed, matches: Matches) -> None:
        self._cls, self.message, self._store_matches = cls, message, matches

    @cached_property
    def after(self) -> Entity | None:
        """The snapshot after the change; None if its state is invalid here."""
        return self._entity(self.message.state or {})

    @cached_property
    def before(self) -> Entity | None:
        """The snapshot before the change, exact in unchanged and scalar fields."""
        return self._entity({**(self.message.state or {}), **self.message.before})

    def _entity(self, state: Mapping[str, Any]) -> Entity | None:
        try:
            return snapshot_of(self._cls, self.message.id, state, self.message.version)
        except (ValidationError, ValueError, TypeError, AttributeError):
            return None  # written by another build, or before a validator was added

    def may_affect(self, query: Query, ids: Container[str]) -> bool:
        """False only if the result of the query is certainly unchanged.

        Shapes: ids are those, as text, of the records in the current window.
        """
        message = self.message
        if message.state is None or str(message.id) in ids:
            return True
        if message.kind == "created":
            return self.matches(query, self.after)
        used = fields_of(query)
        if used.isdisjoint(message.fields):
            return False  # neither membership nor position depends on these fields
        if not message.before.keys() >= used.intersection(message.fields):
            return True
        return self.matches(query, self.after) or self.matches(query, self.before)

    def touches(self, fields: Container[str]) -> bool:
        """Whether an update may have changed one of these fields of the record."""
        if self.message.kind != "updated":
            return False
        private = self._cls.__entity__.private  # messages do not name these
        return any(name in fields for name in (*self.message.fields, *private))

    def matches(self, query: Query, entity: Entity | None) -> bool:
        """False only if the query certainly does not match the snapshot."""
        return entity is None or self._store_matches(query, entity) is not False
