"""Whether a change may alter the answer to a list's question."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from starmodel.app.live.states import entity_of
from starmodel.app.ports.messages import Changed
from starmodel.app.ports.query import Query
from starmodel.core.entity import Entity

Matches = Callable[[Query, Entity], bool | None]


class Difference:
    """One change, and the record before and after it as far as the message tells.

    Made once for all lists of a class; a state is validated when the
    first of them looks at it. Shapes: matches is what the class's store
    says of a query and a snapshot, None when it has to be asked.
    """

    def __init__(self, cls: type[Entity], message: Changed, matches: Matches) -> None:
        self._cls, self.message, self._store_matches = cls, message, matches

    @cached_property
    def after(self) -> Entity | None:
        """The new state; None when it can't be told."""
        return self._entity(self.message.state or {})

    @cached_property
    def before(self) -> Entity | None:
        """The old state, true in the fields that `message.before` has or that did not change."""
        return self._entity({**(self.message.state or {}), **self.message.before})

    def _entity(self, state: Mapping[str, Any]) -> Entity | None:
        try:
            return entity_of(self._cls, self.message.id, state, self.message.version)
        except (ValidationError, ValueError, TypeError, AttributeError):
            return None  # of another build, or older than a validator: nobody can tell

    def may_concern(self, query: Query, shown: Container[str]) -> bool:
        """False only when the answer to the query is certainly what it was.

        Shapes: shown has the ids, as text, of the records in the answer's window.
        """
        message = self.message
        if message.state is None or str(message.id) in shown:
            return True
        if message.kind == "created":
            return self.matches(query, self.after)
        asked = fields_of(query)
        if asked.isdisjoint(message.fields):
            return False  # neither whether it belongs here nor its place is another
        if not message.before.keys() >= asked.intersection(message.fields):
            return True
        return self.matches(query, self.after) or self.matches(query, self.before)

    def matches(self, query: Query, entity: Entity | None) -> bool:
        """False only when the query certainly does not find the snapshot."""
        return entity is None or self._store_matches(query, entity) is not False


def fields_of(query: Query) -> frozenset[str]:
    """The fields that decide whether and where a record stands in the answer."""
    searched = query.search_fields if query.search else ()
    return frozenset(
        [*(f.field for f in query.filters), *(name for name, _ in query.order), *searched]
    )
