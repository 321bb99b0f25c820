"""What the application layer asks of the outside world.

Each port has a fake or an in-process implementation, and adapters prove
themselves by the contract suites in `starmodel.testing`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NamedTuple,
    Protocol,
    TypeVar,
    runtime_checkable,
)

from starmodel.core.changes.patches import Patch
from starmodel.core.entity import Entity

if TYPE_CHECKING:
    from starmodel.app.ports.query import Query
    from starmodel.core.classes.registry import EntityType

E = TypeVar("E", bound=Entity)


class Change(NamedTuple):
    """One entity's part of a batch.

    Shapes: kind "insert" needs that nothing is stored; "update", "delete"
    and "check" need that the stored version is `base`. snapshot is the
    state after (None for delete and check); an update writes only
    `patch`, so fields that a newer build added stay. before is the state
    that an update or delete replaces, where it is known: which unique
    values and references the batch gives up.
    Units: ttl_s is seconds from the commit on; None means for ever.
    """

    entity: type[Entity]
    id: Any
    kind: Literal["insert", "update", "delete", "check"]
    base: int = 0
    version: int = 0
    snapshot: Entity | None = None
    patch: Patch = Patch()
    ttl_s: float | None = None
    before: Entity | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The order in which a batch takes its locks."""
        return self.entity.__name__, str(self.id)


class Marker(NamedTuple):
    """Proof that a command ran, kept for a day beside what it changed.

    Shapes: key names session, entity, event and the browser's key;
    digest is of the arguments; outcome is JSON, None while it runs;
    command is the id of the run that wrote it; effects is True when the
    command also did something that is not in its batch; owner names the
    session, or the actor where there is none, and is_guests is True when
    nobody was signed in: a store that drops markers keeps those of others.
    Neither needs to be stored.
    Units: at is seconds since the epoch.
    """

    key: str
    digest: str
    command: str
    at: float
    outcome: str | None = None
    effects: bool = False
    owner: str = ""
    is_guests: bool = False


class Fills(NamedTuple):
    """Functions that make a field's value, for a new record and for one that is changed.

    A repository may offer `fills(entity) -> Fills | None`. Those of insert
    fill in for None, those of update for fields that a change left alone.
    """

    insert: Mapping[str, Callable[[], Any]]
    update: Mapping[str, Callable[[], Any]]


class Batch(NamedTuple):
    """Changes that are stored together with their marker, or not at all."""

    changes: Sequence[Change] = ()
    marker: Marker | None = None


Expired = Callable[[type[Entity], Any, int], Awaitable[None]]


class Repository(Protocol):
    """Where snapshots of some entity classes are kept.

    Every snapshot handed out is frozen, carries its version, is private to
    the caller, and was marked by `starmodel.core.entity.stored`.
    """

    transactional: bool
    """True when `commit` can hold its transaction open for `between`."""

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        """Get ready to serve these classes; call `expired` for each entity whose ttl ran out."""

    async def close(self) -> None:
        """Finish what was accepted, then let go of everything."""

    async def get(self, entity: type[E], id: Any) -> E | None:
        """The newest committed snapshot, or None."""

    async def latest(self, entity: type[E], id: Any) -> E | None:
        """Like `get`, but may be a state that this process has queued and not committed yet.

        Only good as the base of a next commit, which fails if the queued one does.
        """

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Store the whole batch durably, or nothing of it.

        `between` runs after all checks passed and before the commit becomes
        final; when it raises, nothing is stored.

        Raises: VersionConflictError; ConstraintError; DuplicateCommandError, when
        another run's marker with this key is stored.
        """

    async def next_id(self, entity: type[Entity]) -> int:
        """A number that no record of the class has or ever will be given again.

        Only for a class whose id is `int | None`. Numbers may be left out.
        """

    async def list(self, query: Query) -> list[Entity]:
        """The snapshots in the query's window, in its order."""

    def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        """What `list` would give, at most `batch` snapshots at a time, never none.

        For a query without limit and offset. Nothing is held between two
        chunks: no connection, transaction or lock. A record that is there
        all the time, and keeps what it is found and sorted by, comes once;
        another may come or not, or twice if its place changes. Each is as it
        was stored when its chunk was read.

        Units: batch is 1 to 1000.
        """

    async def count(self, query: Query) -> int:
        """How many snapshots match, whatever the window."""

    def matches(self, query: Query, entity: Entity) -> bool | None:
        """Whether `list` finds the snapshot, the window aside; None when only asking can tell."""

    async def marker(self, key: str) -> Marker | None:
        """The marker of that key, unless it is older than a day."""

    async def forget(self, key: str, command: str) -> None:
        """Remove the marker that this run wrote, after it was refused."""

    async def touch(self, entity: type[Entity], id: Any, ttl_s: float) -> None:
        """Let the entity live `ttl_s` seconds from now on, when it exists."""


RecordKey = tuple[type[Entity], Any]


@runtime_checkable
class LocksRows(Protocol):
    """A repository that several processes write to, and that can lock a row before it is read."""

    def lock_rows(self, keys: Collection[RecordKey]) -> AbstractAsyncContextManager[Repository]:
        """One transaction, which waits until it has these rows and ends with its first commit.

        Inside it `get` and `latest` give what is stored, locked until the
        commit, so that a commit on top of it meets no version conflict.
        Without a commit everything is rolled back. Nothing may be awaited
        inside but stores: other commands wait. Rows are locked in the order
        of their table and id.

        Raises: StoreBusyError, when they are not had in time;
        TransactionAbortedError, when the command has to begin anew.
        """


IsWatched = Callable[[str], bool]
"""Whether an open page shows the topic, such as "Counter:c1"."""


@runtime_checkable
class EvictingRepository(Protocol):
    """A repository that drops entities of session scope when it is full."""

    is_watched: IsWatched
    """Set before `open`; what it says yes to is not dropped."""


MARKER_TTL_S = 24 * 3600.0
