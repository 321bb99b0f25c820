"""The sessions that one process has read, bounded in number."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from starmodel.app.access.policy import Actor
from starmodel.app.ports.sessions import SessionRecord

MAX_RECORDS = 10_000
MAX_VISITORS = 20_000
MISSING: Final = SessionRecord("", "", None, "", 0, 0)
"""The answer of a cache for a session that it does not have."""


class RecentSessions:
    """Sessions by id, and the newest one of each visitor; None for what the store lacks.

    The least recently used are dropped first. Shapes: changes counts the accepted ones.
    """

    def __init__(self) -> None:
        self.by_id: OrderedDict[str, SessionRecord | None] = OrderedDict()
        self.by_visitor: OrderedDict[str, SessionRecord | None] = OrderedDict()
        self.changes = 0

    def clear(self) -> None:
        self.by_id.clear()
        self.by_visitor.clear()

    def forget_missing(self) -> None:
        """Drop the answers that the store has no session."""
        for cache in (self.by_id, self.by_visitor):
            for name in [name for name, record in cache.items() if record is None]:
                del cache[name]
        self.changes += 1

    def put_id(self, id: str, record: SessionRecord | None) -> None:
        _put(self.by_id, id, record, MAX_RECORDS)

    def put_visitor(self, visitor: str, record: SessionRecord | None) -> None:
        _put(self.by_visitor, visitor, record, MAX_VISITORS)

    def accept(self, record: SessionRecord) -> bool:
        """Cache a changed session; False when its end and its actor were known."""
        known = self.by_id.get(record.id)
        self.put_id(record.id, record)
        self.put_visitor(record.visitor, record)
        self.changes += 1
        return (
            known is None
            or (known.ended_at is None) != (record.ended_at is None)
            or not _is_same(known.actor, record.actor)
        )


def _put(
    cache: OrderedDict[str, SessionRecord | None],
    name: str,
    record: SessionRecord | None,
    size: int,
) -> None:
    cache[name] = record
    cache.move_to_end(name)
    if len(cache) > size:
        cache.popitem(last=False)


def _is_same(first: Actor | None, second: Actor | None) -> bool:
    """Whether both are stored alike; the roles of the developer equal no stored ones."""
    return first is second or _stored(first) == _stored(second)


def _stored(actor: Actor | None) -> Any:
    return actor and (actor.id, actor.name, sorted(actor.roles), dict(actor.claims))
