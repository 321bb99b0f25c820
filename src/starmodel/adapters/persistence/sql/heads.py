"""The newest states that this process has queued and not committed yet."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from starmodel.app.ports import Change
from starmodel.core.entity import Entity, stored


class Head:
    """One queued state. Shapes: snapshot is None when the queued change is a delete."""

    __slots__ = ("snapshot", "version")

    def __init__(self, change: Change) -> None:
        self.version = change.version
        self.snapshot: Entity | None = None
        if change.kind != "delete" and change.snapshot is not None:
            self.snapshot = stored(copy.deepcopy(change.snapshot), change.version)

    def handed_out(self) -> Entity | None:
        """The state for one caller: itself when nothing in it can change, else a copy."""
        snapshot = self.snapshot
        if snapshot is None or type(snapshot).__entity__.atomic:
            return snapshot
        return stored(copy.deepcopy(snapshot), self.version)


class Heads:
    """The last queued state of each entity, from queueing until its commit is known.

    Many events on one row can so be chained into one group commit. Only a
    change on top of the head becomes the next head, so that a stale one
    misleads nobody.
    """

    def __init__(self) -> None:
        self._heads: dict[tuple[type[Entity], Any], Head] = {}

    def find(self, entity: type[Entity], id: Any) -> Head | None:
        """The head of that id; None when nothing is queued."""
        return self._heads.get((entity, id))

    def put(self, changes: Sequence[Change]) -> Callable[[BaseException | None], None]:
        """Take over the queued states; the result must be called when their commit is known."""
        mine = {}
        for change in changes:
            key = change.entity, change.id
            before = self._heads.get(key)
            if change.kind != "check" and (before is None or _follows(change, before)):
                mine[key] = self._heads[key] = Head(change)

        def settled(error: BaseException | None) -> None:
            for key, head in mine.items():
                # After a failure all that was chained on this one fails too.
                if error is not None or self._heads.get(key) is head:
                    self._heads.pop(key, None)

        return settled


def _follows(change: Change, head: Head) -> bool:
    if head.snapshot is None:
        return change.kind == "insert"
    return change.kind != "insert" and change.base == head.version
