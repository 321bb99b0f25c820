"""The newest uncommitted states in this process's commit queue."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from starmodel.app.ports.repository import Change
from starmodel.core.entity import Entity
from starmodel.core.snapshot import stored_copy


class Queued(Protocol):
    """A commit in the queue."""

    @property
    def error(self) -> BaseException | None:
        """The exception with which it failed; None until then."""


class QueuedVersion(int):
    """The version of an uncommitted state, with the commit that will store it.

    Two processes assign the same number to the successors of one version, so the number alone does
    not identify the state on which a change is built. Once that commit fails, it equals no version.
    """

    job: Queued

    def __new__(cls, version: int, job: Queued) -> QueuedVersion:
        made = super().__new__(cls, version)
        made.job = job
        return made

    def __eq__(self, other: object) -> bool:
        return self.job.error is None and int(self) == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__


class Head:
    """One queued state. Shapes: snapshot is None when the queued change is a delete."""

    __slots__ = ("_shared", "snapshot", "version")

    def __init__(self, change: Change, job: Queued) -> None:
        self.version = QueuedVersion(change.version, job)
        self.snapshot = None if change.kind == "delete" else change.snapshot
        self._shared: Entity | None = None
        if self.snapshot is not None and not _atomic(self.snapshot):
            self.snapshot = copy.deepcopy(self.snapshot)

    def handed_out(self) -> Entity | None:
        """Return the state for one caller: shared when it is immutable, otherwise a copy."""
        if self.snapshot is None or self._shared is not None:
            return self._shared
        made = stored_copy(self.snapshot, self.version)
        if _atomic(made):
            self._shared = made
        return made


def _atomic(snapshot: Entity) -> bool:
    return type(snapshot).__entity__.atomic


class Heads:
    """The last queued state of each entity, until the outcome of its commit is known.

    So many events on one row can be chained in one group commit. Only a
    change on top of the head becomes the next head; a stale change never
    becomes visible here.
    """

    def __init__(self) -> None:
        self._heads: dict[tuple[type[Entity], Any], Head] = {}

    def find(self, entity: type[Entity], id: Any) -> Head | None:
        """Return the head of an id; None when nothing is queued."""
        return self._heads.get((entity, id))

    def put(self, changes: Sequence[Change], job: Queued) -> Callable[[BaseException | None], None]:
        """Register queued states; call the result with the outcome of their commit."""
        mine = {}
        for change in changes:
            key = change.entity, change.id
            before = self._heads.get(key)
            if change.kind != "check" and (before is None or _follows(change, before)):
                mine[key] = self._heads[key] = Head(change, job)

        def settled(error: BaseException | None) -> None:
            for key, head in mine.items():
                # When this commit fails, all changes chained on it fail too.
                if error is not None or self._heads.get(key) is head:
                    self._heads.pop(key, None)
            mine.clear()  # break the reference cycle: head, job, this callback

        return settled


def under(changes: Sequence[Change]) -> list[tuple[Change, Queued]]:
    """Return the commits that these changes build on; when one fails, the changes fail too."""
    return [
        (change, change.base.job) for change in changes if isinstance(change.base, QueuedVersion)
    ]


def _follows(change: Change, head: Head) -> bool:
    if head.snapshot is None:
        return change.kind == "insert"
    return change.kind != "insert" and change.base == head.version
