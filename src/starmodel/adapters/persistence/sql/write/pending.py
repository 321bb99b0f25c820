"""The newest uncommitted states in this process's commit queue."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from starmodel.app.ports.repository import Change
from starmodel.core.entity import Entity
from starmodel.core.snapshot import stored_copy


class PendingCommit(Protocol):
    """A commit in the queue."""

    @property
    def error(self) -> BaseException | None:
        """The exception with which it failed; None until then."""


class PendingVersion(int):
    """The version of an uncommitted state, together with the commit that will store it.

    Two processes assign the same number to the successors of one version, so
    the number alone does not identify the state that a change builds on. This
    is a plain number to snapshots and messages. Only `bases_of` reads the
    commit, and the steps of a transaction get the number alone.
    """

    commit: PendingCommit

    def __new__(cls, version: int, commit: PendingCommit) -> PendingVersion:
        made = super().__new__(cls, version)
        object.__setattr__(made, "commit", commit)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} can't be assigned: a pending version is immutable.")


class PendingState:
    """One queued state. Shapes: snapshot is None when the queued change is a delete."""

    __slots__ = ("_shared", "snapshot", "version")

    def __init__(self, change: Change, commit: PendingCommit) -> None:
        self.version = PendingVersion(change.version, commit)
        self.snapshot = None if change.kind == "delete" else change.snapshot
        self._shared: Entity | None = None
        if self.snapshot is not None and not _is_immutable(self.snapshot):
            self.snapshot = copy.deepcopy(self.snapshot)

    def snapshot_for_caller(self) -> Entity | None:
        """Return the state for one caller: shared when it is immutable, otherwise a copy."""
        if self.snapshot is None or self._shared is not None:
            return self._shared
        made = stored_copy(self.snapshot, self.version)
        if _is_immutable(made):
            self._shared = made
        return made


def _is_immutable(snapshot: Entity) -> bool:
    return type(snapshot).__entity__.atomic


class PendingStates:
    """The last queued state of each entity, until the outcome of its commit is known.

    So many events on one row can be chained in one group commit. Only a
    change that builds on the last state replaces it; a stale change never
    becomes visible here.
    """

    def __init__(self) -> None:
        self._states: dict[tuple[type[Entity], Any], PendingState] = {}

    def find(self, entity: type[Entity], id: Any) -> PendingState | None:
        """Return the last queued state of an id; None when nothing is queued."""
        return self._states.get((entity, id))

    def put(
        self, changes: Sequence[Change], commit: PendingCommit
    ) -> Callable[[BaseException | None], None]:
        """Register queued states; call the result with the outcome of their commit."""
        own = {}
        for change in changes:
            key = change.entity, change.id
            last = self._states.get(key)
            if change.kind != "check" and (last is None or _builds_on(change, last)):
                own[key] = self._states[key] = PendingState(change, commit)

        def settle(error: BaseException | None) -> None:
            for key, state in own.items():
                # When this commit fails, all changes that build on it fail too.
                if error is not None or self._states.get(key) is state:
                    self._states.pop(key, None)
            own.clear()  # break the reference cycle: state, commit, this callback

        return settle


def bases_of(changes: Sequence[Change]) -> list[tuple[Change, PendingCommit]]:
    """Return the commits that these changes build on; when one fails, the changes fail too."""
    return [
        (change, change.base.commit)
        for change in changes
        if isinstance(change.base, PendingVersion)
    ]


def _builds_on(change: Change, last: PendingState) -> bool:
    if last.snapshot is None:
        return change.kind == "insert"
    return change.kind != "insert" and change.base == last.version
