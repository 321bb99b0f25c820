"""The repository port: snapshots and batches, versions, and optional capabilities.

`Repository` is what every store implements. `LocksRows`, `EvictingRepository`,
`SuppliesDefaults`, `DecidesConditions` and `ProcessLocal` are optional protocols.
The contract suites in `starmodel.testing.contracts` test each promise.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NamedTuple,
    Protocol,
    TypeVar,
    runtime_checkable,
)

from starmodel.app.access.conditions.condition import Condition, Supports
from starmodel.core.changes.patches import Patch
from starmodel.core.entity import Entity

if TYPE_CHECKING:
    from starmodel.app.ports.query import Query
    from starmodel.core.classes.registry import EntityType

E = TypeVar("E", bound=Entity)


class Change(NamedTuple):
    """One entity's part of a batch.

    Shapes: kind "insert" requires that no row with this id exists; "update",
    "delete" and "check" require that the stored version is `base`. snapshot
    is the state after the commit, None for delete and check. An update
    writes only `patch`, so columns that a newer build added stay as they are.
    before is the snapshot that an update or delete replaces, if known; it
    names the unique values and references that the batch releases.
    Units: ttl_s is seconds from the commit on; None means no expiry.
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
        """The sort key by which a batch acquires its row locks."""
        return self.entity.__entity__.name, str(self.id)


class Marker(NamedTuple):
    """An idempotency marker: the record that a command ran, stored for MARKER_TTL_S.

    Shapes: key joins session, entity, event and the idempotency key of the
    request; digest is of the arguments; outcome is JSON, None while the
    command runs; command is the id of the run that wrote the marker; effects
    is True for a command with side effects outside its batch. owner is the
    session, or the actor if there is no session; is_guests is True for an
    anonymous visitor: a store that evicts markers limits those of guests and of
    actors separately. owner and is_guests need not be stored.
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


class ColumnDefaults(NamedTuple):
    """Functions that generate the values of columns, by field name.

    Shapes: insert applies to fields of a new record that are None; update
    applies to fields that a change leaves as they are.
    """

    insert: Mapping[str, Callable[[], Any]]
    update: Mapping[str, Callable[[], Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """One atomic write: changes, and the idempotency marker of their command."""

    changes: Sequence[Change] = ()
    marker: Marker | None = None


Expired = Callable[[type[Entity], Any, int], Awaitable[None]]


class Repository(Protocol):
    """Stores the snapshots of some entity classes.

    Every snapshot returned is frozen, has its version set by
    `starmodel.core.entity.stored`, and shares no mutable value with another.
    """

    transactional: bool
    """True when `commit` holds its transaction open while `between` runs."""

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        """Prepare to serve these classes; await `expired` for each entity whose ttl has passed."""

    async def close(self) -> None:
        """Finish accepted writes, then release every resource."""

    async def get(self, entity: type[E], id: Any) -> E | None:
        """The newest committed snapshot, or None."""

    async def latest(self, entity: type[E], id: Any) -> E | None:
        """The newest snapshot, including one whose commit is queued in this process.

        The base of a next commit, which conflicts when the queued commit fails.
        In a repository without a write queue it is `get`: `latest = get`.
        """

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Store the whole batch durably and atomically.

        `between` runs after every check has passed and before the commit is
        final; if it raises, the transaction is rolled back.

        Raises: VersionConflictError; ConstraintError; DuplicateCommandError, if
        a marker with this key, written by another run, is stored.
        """

    async def next_id(self, entity: type[Entity]) -> int:
        """A new integer id, greater than every id of the class so far; never returned twice.

        Only for a class whose id is `int | None`. The sequence may have gaps.
        """

    async def list(self, query: Query) -> list[Entity]:
        """The snapshots in the query's window, in its order."""

    def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        """The snapshots of `list` in non-empty chunks of at most `batch`.

        For a query without limit and offset. No connection, transaction or
        lock is held between two chunks. A record that exists throughout and
        whose filtered and sorted fields stay the same is returned exactly
        once. A record created or deleted meanwhile may be returned or not; one
        that moves in the order may be returned twice. Each snapshot is the
        committed one at the time its chunk was read.

        Units: batch is 1 to 1000.
        """

    async def count(self, query: Query) -> int:
        """The number of snapshots that match the filters and search, without the window."""

    def matches(self, query: Query, entity: Entity) -> bool | None:
        """Whether the snapshot matches filters and search; None if only the database can decide."""

    async def marker(self, key: str) -> Marker | None:
        """The idempotency marker with this key; None once it is older than MARKER_TTL_S."""

    async def forget(self, key: str, command: str) -> None:
        """Delete the idempotency marker with this key, if this run wrote it."""

    async def touch(self, entity: type[Entity], id: Any, ttl_s: float) -> None:
        """Set the expiry of an existing entity to `ttl_s` seconds from now."""


RecordKey = tuple[type[Entity], Any]


@runtime_checkable
class LocksRows(Protocol):
    """A repository with several writing processes and pessimistic row locks."""

    def lock_rows(self, keys: Collection[RecordKey]) -> AbstractAsyncContextManager[Repository]:
        """One transaction that locks these rows and ends with its first commit.

        Inside it `get` and `latest` return the committed snapshot and lock it
        until the commit, so that a commit based on it meets no version conflict.
        Without a commit the transaction is rolled back. Await nothing but
        repositories inside: other commands wait for the locks. Rows are
        locked in the order of table and id.

        Raises: StoreBusyError, when a lock is not acquired in time;
        TransactionAbortedError, when the command has to be retried.
        """


IsWatched = Callable[[str], bool]
"""Whether an open page subscribes to the topic, such as "Counter:c1"."""


@runtime_checkable
class EvictingRepository(Protocol):
    """A repository that evicts entities of session scope when it is full."""

    is_watched: IsWatched
    """Set before `open`; entities with a subscribed topic are not evicted."""


@runtime_checkable
class SuppliesDefaults(Protocol):
    """A repository whose columns have defaults of their own, such as SQLAlchemy's `onupdate`."""

    def column_defaults(self, entity: type[Entity]) -> ColumnDefaults | None:
        """The columns of the class with a default; None without any."""


@runtime_checkable
class DecidesConditions(Protocol):
    """A repository that applies the conditions of access rules: `Query.where`."""

    def supports(self, entity: type[Entity], condition: Condition) -> bool:
        """Whether this store decides a condition on the class exactly as Python does.

        Shapes: condition is a comparison, or a `Related` one, of which only the step counts.
        """


def supports_of(repository: Repository) -> Supports:
    """The function `supports` of a repository; one without it decides no condition."""
    # isinstance() with a protocol takes a tenth of the time of a list.
    supports: Supports = getattr(repository, "supports", _supports_none)
    return supports


def _supports_none(entity: type[Entity], condition: Condition) -> bool:
    return False


@runtime_checkable
class ProcessLocal(Protocol):
    """A repository or event bus whose data is visible in this process only.

    An application that uses one is served by a single process. A repository
    or bus without this attribute is shared between processes.
    """

    process_local: bool


MARKER_TTL_S = 24 * 3600.0
"""How long an idempotency marker is stored. Units: seconds."""
