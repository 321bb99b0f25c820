"""The newest states that this process has queued and not committed yet."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from starmodel.app.ports.repository import Change
from starmodel.core.entity import Entity
from starmodel.core.snapshot import stored_copy


class Queued(Protocol):
    """A commit on its way."""

    @property
    def error(self) -> BaseException | None:
        """Why it failed; None until it does."""


class QueuedVersion(int):
    """The version of a state that is not committed yet, and the commit that will store it.

    Two processes give what follows one version the same number, so the number alone does not
    prove on which state a change is built. After that commit has failed, it equals no version.
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
        """The state for one caller: one for all when nothing in it can change, else a copy."""
        if self.snapshot is None or self._shared is not None:
            return self._shared
        made = stored_copy(self.snapshot, self.version)
        if _atomic(made):
            self._shared = made
        return made


def _atomic(snapshot: Entity) -> bool:
    return type(snapshot).__entity__.atomic


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

    def put(self, changes: Sequence[Change], job: Queued) -> Callable[[BaseException | None], None]:
        """Take over the queued states; the result must be called when their commit is known."""
        mine = {}
        for change in changes:
            key = change.entity, change.id
            before = self._heads.get(key)
            if change.kind != "check" and (before is None or _follows(change, before)):
                mine[key] = self._heads[key] = Head(change, job)

        def settled(error: BaseException | None) -> None:
            for key, head in mine.items():
                # After a failure all that was chained on this one fails too.
                if error is not None or self._heads.get(key) is head:
                    self._heads.pop(key, None)
            mine.clear()  # the heads hold the job, and the job this function

        return settled


def under(changes: Sequence[Change]) -> list[tuple[Change, Queued]]:
    """The commits that these changes are built on: when one failed, or will, they fail too."""
    return [
        (change, change.base.job) for change in changes if isinstance(change.base, QueuedVersion)
    ]


def _follows(change: Change, head: Head) -> bool:
    if head.snapshot is None:
        return change.kind == "insert"
    return change.kind != "insert" and change.base == head.version
