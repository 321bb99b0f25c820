"""One command's changes to any number of entities: all of them are stored, or none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeVar

from starmodel.app.choosing.checks import ChoiceChecks
from starmodel.app.commit.batches import store_changes
from starmodel.app.commit.cascades import follow_deletes
from starmodel.app.commit.deadlines import StoreWindow, close_window
from starmodel.app.commit.links import LinkWriter, link_changes
from starmodel.app.commit.publishing import publish
from starmodel.app.commit.row_locks import OPTIMISTIC_ATTEMPTS, RowLocks
from starmodel.app.commit.tracked import Tracked, change_of
from starmodel.app.persistence import PersistenceManager, Repositories
from starmodel.app.ports.bus import EventBus, Wants
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.messages import Emitted, always_has_json, changed_message, fact_data
from starmodel.app.ports.query import Filter, Query
from starmodel.app.ports.repository import Batch, Change, Marker, RecordKey
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.changes.copies import Lease
from starmodel.core.changes.drafts import Facts, open_draft, reads_of, reset_draft
from starmodel.core.changes.patches import Patch, diff, same
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.commands import CommandRecord
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConstraintError,
    NotFoundError,
    TransactionAbortedError,
    VersionConflictError,
)
from starmodel.core.fields.linked_records import LinkChange
from starmodel.core.snapshot import stored, version_of
from starmodel.texts.catalogue import Message

E = TypeVar("E", bound=Entity)
ATTEMPTS = 5
ABORTS = (VersionConflictError, TransactionAbortedError)
"""After these a command can run again on what is stored now."""


class UnitOfWork:
    """Drafts of several entities, also of several stores, behind one commit.

    Rolled back unless `commit` is reached: until then nothing is anywhere
    but here. With a lease (events that await) the reads of each draft are
    recorded, so that a conflicting commit can be rebased.
    """

    def __init__(
        self,
        registry: Registry,
        persistence: PersistenceManager,
        bus: EventBus,
        clock: Clock,
        lease: Lease | None = None,
        *,
        locks: RowLocks | None = None,
        choices: ChoiceChecks | None = None,
    ) -> None:
        self._stores, self._locks = persistence, locks or RowLocks()
        self._choices = choices
        self._registry = registry
        self._persistence: Repositories = persistence
        self._bus, self._clock, self._lease = bus, clock, lease
        self._tracked: dict[tuple[type[Entity], Any], Tracked] = {}
        self._wants: Wants | None = getattr(bus, "wants", None)  # of a SelectiveBus
        self._adds_records = False
        self._preloaded: dict[RecordKey, Any] = {}
        self.facts = Facts()

    @asynccontextmanager
    async def locked(self, keys: Collection[RecordKey]) -> AsyncIterator[None]:
        """Read and commit in transactions that hold these rows; what is not committed is undone.

        Nothing but stores may be awaited inside. A store that can't lock
        rows is used as always. Raises: StoreBusyError; TransactionAbortedError.
        """
        async with self._locks.locked(keys, self._stores) as persistence:
            self._persistence = persistence
            try:
                yield
            finally:
                self._persistence = self._stores

    @property
    def keys(self) -> set[RecordKey]:
        """The stored entities that are enlisted here."""
        return {key for key, tracked in self._tracked.items() if not tracked.new}

    def find(self, entity: type[E], id: Any) -> Awaitable[E | None]:
        """The newest snapshot, not enlisted: maybe one that is queued and not committed yet."""
        if self._preloaded and (entity, id) in self._preloaded:
            return _given(self._preloaded.pop((entity, id)))
        return self._persistence.for_class(entity).latest(entity, id)

    async def preload(self, entity: type[Entity], ids: Sequence[Any]) -> None:
        """Read these records by one query, for the next `find` of each."""
        repository = self._persistence.for_class(entity)
        found = await repository.list(Query(entity, (Filter("id", "in", tuple(ids)),)))
        self._preloaded |= {(entity, each.id): each for each in found}

    async def get(self, entity: type[E], id: Any) -> E:
        """The draft of a stored record, enlisted here; of a scoped class the one with that id.

        Raises: NotFoundError, for a record that is not there.
        """
        return (await self.load(entity, id)).draft  # type: ignore[return-value]

    async def load(self, entity: type[Entity], id: Any) -> Tracked:
        """As `get`, with the base snapshot and the state of its change."""
        tracked = self._tracked.get((entity, id))
        if tracked is None:
            entity_type = self._registry[entity]
            found = await self.find(entity, id)
            if found is None and entity_type.is_record:
                raise NotFoundError(entity.__name__, id)
            start = default_snapshot(entity, id) if found is None else found
            tracked = self.enlist(entity_type, id, start, new=found is None)
        if tracked.deleted:
            raise NotFoundError(entity.__name__, id)
        return tracked

    def add(self, entity: E) -> E:
        """Enlist a new record; its draft, which may still be changed, is returned.

        Raises: ConstraintError, when this unit already has a record with this id.
        """
        entity_type = self._registry[entity.__entity__.cls]
        if entity.id is not None and (entity_type.cls, entity.id) in self._tracked:
            raise _taken(entity_type.name, entity.id)
        tracked = self.enlist(entity_type, entity.id, entity, new=True)
        tracked.base, tracked.added = default_snapshot(entity_type.cls, entity.id), True
        return tracked.draft  # type: ignore[return-value]

    def delete(self, entity: Entity) -> None:
        """Remove a record that this unit has read. Raises: NotFoundError, for any other."""
        cls = entity.__entity__.cls
        for tracked in self._tracked.values():
            if tracked.draft is entity or (tracked.entity_type.cls, tracked.id) == (cls, entity.id):
                tracked.deleted = True
                return
        raise NotFoundError(cls.__name__, entity.id)

    def enlist(self, entity_type: EntityType, id: Any, snapshot: Entity, *, new: bool) -> Tracked:
        """Open a draft of the snapshot."""
        draft = open_draft(snapshot, self.facts, self._lease)
        tracked = Tracked(entity_type, id, snapshot, draft, new)
        if new and entity_type.is_record:
            self._adds_records = True
        self._tracked[entity_type.cls, object() if id is None else id] = tracked
        return tracked

    def adopt(self, tracked: Tracked, facts: Facts) -> None:
        """Enlist an entity whose event has run already, on a draft that reports to these facts."""
        self.facts = facts
        self._tracked[tracked.entity_type.cls, tracked.id] = tracked

    async def identify(self) -> None:
        """Give a number to each new record whose id the store is to make."""
        for tracked in self._tracked.values():
            if tracked.new and tracked.entity_type.is_record and not tracked.deleted:
                draft, cls = tracked.draft, tracked.entity_type.cls
                if getattr(draft, "id", "") is None:  # a required one may be missing
                    draft.id = await self._persistence.for_class(cls).next_id(cls)
                    tracked.numbered = True

    async def commit(
        self,
        *,
        marker: Marker | None = None,
        target: Tracked | None = None,
        record: CommandRecord | None = None,
    ) -> None:
        """Validate, store, and publish what changed and what was emitted.

        The marker is stored together with the target's changes. With a
        lease, access is decided again on the states that are replaced: the
        stores refuse the commit when those are not the newest ones.

        Raises: InvalidStateError; VersionConflictError; ConstraintError;
        DuplicateCommandError; AccessDeniedError; NotFoundError. Then nothing
        was stored.
        """
        if self._lease is not None:
            for tracked in self._tracked.values():
                await tracked.check_access(tracked.base)
        changed_links = link_changes(self.facts.emitted) if self.facts.emitted else ()
        if changed_links:
            await self._write_links(changed_links)
        if self._registry.dependents:
            await follow_deletes(
                self._tracked, self._registry, self._persistence, self._enlist_stored
            )
        if self._adds_records:
            await self.identify()
        if self._choices is not None:
            for tracked in tuple(self._tracked.values()):
                if not tracked.has_checked_choices:
                    await self._choices.check(tracked, self._enlisted, self._persistence)
        facts: list[Any] = []
        if self.facts.emitted:
            cause = ("", "") if record is None else (record.entity, record.id)
            facts = [
                Emitted(type(f).__name__, fact_data(f), *cause)
                for f in self.facts.emitted
                if not isinstance(f, LinkChange)
            ]
        changes = self._changes()
        wants = self._wants
        for tracked, _ in changes:
            if not always_has_json(tracked.entity_type.cls):
                wants = None
        # A message that may fail is made now, so that its change is not stored. Others are made
        # after the commit, because a page may subscribe while the store is awaited.
        messages = self._messages(changes) if wants is None else []
        marked = None if target is None else target.entity_type.cls
        try:
            if len(changes) == 1 and marked in (None, changes[0][1].entity):
                change = changes[0][1]
                repository = self._persistence.for_class(change.entity)
                await repository.commit(Batch((change,), marker))
            else:
                stored_now = [change for _, change in changes]
                await store_changes(stored_now, self._persistence, marker, marked)
        except VersionConflictError as conflict:
            for tracked, change in changes:
                made = (tracked.entity_type.name, change.id) if change.kind == "insert" else None
                is_own = tracked.entity_type.is_record and not tracked.is_link
                if made == (conflict.entity, conflict.id) and is_own:
                    if not tracked.numbered:
                        raise _taken(*made) from conflict
                    tracked.draft.id = None  # another program was faster; run again with the next
            raise
        close_window()
        for tracked, change in changes:
            if change.snapshot is not None:
                tracked.made, tracked.id = stored(change.snapshot, change.version), change.id
                tracked.written = True
        if wants is not None:
            messages = self._messages(changes, wants)
        if messages or facts:
            await publish(self._bus, messages + facts)

    async def check_choices(self, tracked: Tracked, parent: Tracked | None = None) -> None:
        """Check now what `commit` checks of `UI(choices=…)`, to name the input that is refused.

        Shapes: parent is the record that this one belongs to, which may have no id yet.
        Raises: ConstraintError.
        """
        if self._choices is None:
            return

        def enlisted(cls: type[Entity], id: Any) -> Tracked | None:
            if parent is not None and parent.entity_type.cls is cls and id == parent.draft.id:
                return parent
            return self._enlisted(cls, id)

        await self._choices.check(tracked, enlisted, self._persistence)
        tracked.has_checked_choices = True

    def _enlisted(self, cls: type[Entity], id: Any) -> Tracked | None:
        found = self._tracked.get((cls, id))
        if found is not None or not self._adds_records:
            return found
        new = (t for t in self._tracked.values() if t.new and t.entity_type.cls is cls)
        return next((each for each in new if getattr(each.draft, "id", None) == id), None)

    async def settle(
        self,
        *,
        marker: Callable[[], Awaitable[Marker | None]] | None = None,
        target: Tracked | None = None,
        record: CommandRecord | None = None,
    ) -> None:
        """Commit; after a conflict put the changes on top of what others committed, and again.

        From the third attempt on the rows are locked before they are read.

        Raises: as `commit` and `rebase` do.
        """
        with StoreWindow():
            for attempt in range(1, ATTEMPTS + 1):
                locks = attempt > OPTIMISTIC_ATTEMPTS
                async with self.locked(self.keys) if locks else nullcontext():
                    if attempt > 1:
                        await self.rebase()
                    try:
                        await self.commit(
                            marker=None if marker is None else await marker(),
                            target=target,
                            record=record,
                        )
                        return
                    except ABORTS:
                        if attempt == ATTEMPTS:
                            raise

    async def rebase(self) -> None:
        """Put this unit's changes on top of what others committed meanwhile.

        Raises: VersionConflictError, when a field that was read or written
        here has changed, or the entity is gone; AccessDeniedError and
        NotFoundError, when the fresh state is not open to the caller any more.
        """
        for tracked in self._tracked.values():
            cls = tracked.entity_type.cls
            if tracked.new and tracked.entity_type.is_record:
                continue
            fresh = await self._persistence.for_class(cls).get(cls, tracked.id)
            if fresh is None and tracked.new:
                continue
            if fresh is not None and _is_same_state(fresh, tracked.base):
                tracked.base = fresh  # the commit of the previous base may have failed
                continue
            if fresh is not None:
                await tracked.check_access(fresh)
            touched = reads_of(tracked.draft) | tracked.patch.fields
            if fresh is None or not all(
                same(getattr(fresh, f, None), getattr(tracked.base, f, None)) for f in touched
            ):
                raise VersionConflictError(
                    cls.__name__,
                    tracked.id,
                    read=version_of(tracked.base),
                    stored=None if fresh is None else version_of(fresh),
                )
            tracked.base, tracked.new = fresh, False
            reset_draft(tracked.draft, fresh, self._lease)
            _put(tracked.draft, tracked.patch)
        await self.identify()

    async def next_segment(self, lease: Lease) -> None:
        """After a commit at a `yield`: the same drafts go on from what was stored.

        Containers taken from them before refuse every change from here on.
        """
        self._restart(lease)
        going_on = [tracked for tracked in self._tracked.values() if not tracked.deleted]
        self._tracked = {(tracked.entity_type.cls, tracked.id): tracked for tracked in going_on}
        for tracked in going_on:
            tracked.conditions = ()  # the event is under way, and may change what they read
            if tracked.written and tracked.made is not None:
                tracked.base, tracked.new, tracked.written = tracked.made, False, False
            made = tracked.base if tracked.made is None else tracked.made
            reset_draft(tracked.draft, made, lease)

    async def reload(self, lease: Lease) -> None:
        """After a conflict at a `yield`: the same drafts start again from the stored snapshots.

        What the segment added is forgotten, and so is what others have removed.
        """
        self._restart(lease)
        for key, tracked in tuple(self._tracked.items()):
            tracked.deleted, tracked.made = False, None
            cls = tracked.entity_type.cls
            found = None
            if not (tracked.new and tracked.entity_type.is_record):
                found = await self._persistence.for_class(cls).get(cls, tracked.id)
            if found is not None:
                tracked.base, tracked.new = found, False
            elif tracked.added or not tracked.new:
                del self._tracked[key]
            reset_draft(tracked.draft, tracked.base, lease)

    async def _write_links(self, changes: Sequence[LinkChange]) -> None:
        """Enlist the links that events create and delete, without those of an earlier attempt."""
        await self.identify()
        for key in [key for key, tracked in self._tracked.items() if tracked.is_link]:
            del self._tracked[key]

        def enlist(entity_type: EntityType, id: Any, link: Entity, new: bool) -> Tracked:
            tracked = self.enlist(entity_type, id, link, new=new)
            tracked.is_link = True
            return tracked

        await LinkWriter(self._registry, self._persistence, enlist).write(changes, self._tracked)

    def has(self, tracked: Tracked) -> bool:
        """Whether this entity is still enlisted."""
        return any(mine is tracked for mine in self._tracked.values())

    def _enlist_stored(self, cls: type[Entity], snapshot: Entity) -> Tracked:
        return self.enlist(self._registry[cls], snapshot.id, snapshot, new=False)

    def _restart(self, lease: Lease) -> None:
        if self._lease is not None:
            self._lease.over = True
        self._lease = lease
        self.facts.emitted.clear()
        self.facts.save = False
        for tracked in self._tracked.values():
            reads_of(tracked.draft).clear()

    def _changes(self) -> list[tuple[Tracked, Change]]:
        """What is to be stored, in the order of its locks; nothing when only reads remain."""
        changes: list[tuple[Tracked, Change]] = []
        is_write = False
        for tracked in self._tracked.values():
            fills = self._stores.column_defaults(tracked.entity_type.cls)
            change = change_of(tracked, fills, self._clock, save=self.facts.save)
            if change is not None:
                changes.append((tracked, change))
                is_write = is_write or change.kind != "check"
        if len(changes) > 1:
            changes.sort(key=lambda pair: pair[1].key)
        return changes if is_write else []

    def _messages(
        self, changes: list[tuple[Tracked, Change]], wants: Wants | None = None
    ) -> list[Any]:
        """The messages about what changed on the server.

        Shapes: with wants, of inserts and updates only those that a subscriber handles.
        Raises: TypeError, for a state without a JSON form.
        """
        messages: list[Any] = []
        for tracked, change in changes:
            entity_type = tracked.entity_type
            if change.kind == "check" or entity_type.in_browser:
                continue
            if wants is None or change.kind == "delete" or wants(f"{entity_type.name}:{change.id}"):
                messages.append(changed_message(entity_type, change, tracked.base))
        return messages


async def _given(entity: E) -> E | None:
    return entity


def _taken(name: str, id: Any) -> ConstraintError:
    return ConstraintError(f"{name} {id!r} exists already.", {"id": Message("value.taken")})


def _is_same_state(fresh: Entity, base: Entity) -> bool:
    """True for equal versions and fields: a failed commit leaves its number to another state."""
    return version_of(fresh) == version_of(base) and not diff(base, fresh).fields


def _put(draft: Entity, patch: Patch) -> None:
    """Write a patch into a draft without reading from it."""
    fields = draft.__entity__.cls.__pydantic_fields__
    values, extra = object.__getattribute__(draft, "__dict__"), draft.__pydantic_extra__ or {}
    for name, value in patch.set.items():
        (values if name in fields else extra)[name] = value
    for name in patch.unset:
        extra.pop(name, None)
