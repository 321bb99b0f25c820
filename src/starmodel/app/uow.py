"""One command's changes to any number of entities: all of them are stored, or none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from starmodel.app.messages import Changed, Kind
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports import Batch, Change, Clock, EventBus, Marker, Repository
from starmodel.core.commands import plain
from starmodel.core.drafts import Facts, Lease, close_draft, open_draft, reads_of, refill
from starmodel.core.entity import Entity, public_state, stored, version_of
from starmodel.core.errors import ConfigurationError, NotFoundError, VersionConflictError
from starmodel.core.patches import Patch, diff, same
from starmodel.core.registry import EntityType, Registry

E = TypeVar("E", bound=Entity)
_set = object.__setattr__


@dataclass(slots=True)
class Tracked:
    """One entity of a unit: where it started, its draft, and what the commit made of it.

    Shapes: base is the snapshot it started from, or None for a new one
    whose `insert` the store must accept.
    """

    type: EntityType
    id: Any
    base: Entity
    draft: Entity
    new: bool
    deleted: bool = False
    made: Entity | None = None
    patch: Patch = Patch()  # noqa: RUF009 - frozen, so it can be shared


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
        *,
        lease: Lease | None = None,
    ) -> None:
        self._registry, self._persistence = registry, persistence
        self._bus, self._clock, self._lease = bus, clock, lease
        self._tracked: dict[tuple[type[Entity], Any], Tracked] = {}
        self.facts = Facts()

    async def get(self, entity: type[E], id: Any) -> E:
        """The draft of a stored record, enlisted here. Raises: NotFoundError."""
        tracked = self._tracked.get((entity, id))
        if tracked is None:
            found = await self._persistence.for_class(entity).latest(entity, id)
            if found is None:
                raise NotFoundError(entity.__name__, id)
            tracked = self.enlist(self._registry[entity], id, found, new=False)
        if tracked.deleted:
            raise NotFoundError(entity.__name__, id)
        return tracked.draft  # type: ignore[return-value]

    def add(self, entity: E) -> E:
        """Enlist a new record; its draft, which may still be changed, is returned."""
        type = self._registry[entity.__entity__.cls]
        return self.enlist(type, entity.id, entity, new=True).draft  # type: ignore[return-value]

    def delete(self, entity: Entity) -> None:
        """Remove a record that this unit has read. Raises: NotFoundError, for any other."""
        tracked = self._tracked.get((entity.__entity__.cls, entity.id))
        if tracked is None:
            raise NotFoundError(type(entity).__name__, entity.id)
        tracked.deleted = True

    def enlist(self, type: EntityType, id: Any, snapshot: Entity, *, new: bool) -> Tracked:
        """Open a draft of the snapshot."""
        draft = open_draft(snapshot, self.facts, self._lease)
        tracked = self._tracked[type.cls, id] = Tracked(type, id, snapshot, draft, new)
        return tracked

    async def commit(self, *, marker: Marker | None = None, home: Tracked | None = None) -> None:
        """Validate, store, and publish what changed.

        The marker is stored together with the home entity's store.

        Raises: InvalidStateError; VersionConflictError; ConstraintError;
        DuplicateCommandError. Then nothing was stored.
        """
        changes = self._changes()
        batches: dict[int, tuple[Repository, list[Change], Marker | None]] = {}
        if marker is not None and home is not None:
            repository = self._persistence.for_class(home.type.cls)
            batches[id(repository)] = (repository, [], marker)
        for tracked, change in changes:
            repository = self._persistence.for_class(tracked.type.cls)
            batches.setdefault(id(repository), (repository, [], None))[1].append(change)
        await _commit_all(list(batches.values()))
        for tracked, change in changes:
            if change.kind != "check":
                await self._announce(tracked, change)

    async def rebase(self) -> None:
        """Put this unit's changes on top of what others committed meanwhile.

        Raises: VersionConflictError, when a field that was read or written
        here has changed, or the entity is gone.
        """
        for tracked in self._tracked.values():
            if tracked.new:
                continue
            cls = tracked.type.cls
            fresh = await self._persistence.for_class(cls).get(cls, tracked.id)
            if fresh is not None and version_of(fresh) == version_of(tracked.base):
                continue
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
            ours = tracked.patch.set
            tracked.base = fresh
            refill(tracked.draft, fresh, self._lease)
            object.__getattribute__(tracked.draft, "__dict__").update(ours)

    async def next_segment(self, lease: Lease) -> None:
        """After a commit at a `yield`: the same drafts go on from what was stored.

        Containers taken from them before refuse every change from here on.
        """
        self._restart(lease)
        for tracked in self._tracked.values():
            if tracked.made is not None:
                tracked.base, tracked.new = tracked.made, False
            refill(tracked.draft, tracked.base, lease)

    async def reload(self, lease: Lease) -> None:
        """After a conflict at a `yield`: the same drafts start again from what is stored."""
        self._restart(lease)
        for tracked in self._tracked.values():
            if not tracked.new:
                cls = tracked.type.cls
                found = await self._persistence.for_class(cls).get(cls, tracked.id)
                if found is None:
                    raise NotFoundError(cls.__name__, tracked.id)
                tracked.base = found
            refill(tracked.draft, tracked.base, lease)

    def _restart(self, lease: Lease) -> None:
        if self._lease is not None:
            self._lease.over = True
        self._lease = lease
        self.facts.emitted.clear()
        self.facts.save = False
        for tracked in self._tracked.values():
            reads_of(tracked.draft).clear()

    def _changes(self) -> list[tuple[Tracked, Change]]:
        made = [(tracked, self._change(tracked)) for tracked in self._tracked.values()]
        if all(change is None or change.kind == "check" for _, change in made):
            return []
        return sorted(
            ((tracked, change) for tracked, change in made if change is not None),
            key=lambda pair: pair[1].key,
        )

    def _change(self, tracked: Tracked) -> Change | None:
        type, base = tracked.type, tracked.base
        version = version_of(base)
        if tracked.deleted:
            if tracked.new:
                return None
            return Change(type.cls, tracked.id, "delete", version, version + 1)
        made = tracked.made = close_draft(tracked.draft)
        tracked.patch = patch = diff(base, made)
        config = type.cls.model_config
        if not config.get("auto_persist", True) and not self.facts.save:
            return None
        if tracked.new:
            if not patch and not type.is_record:
                return None  # the visitor's own, still as it always starts
            id = made.id if type.is_record else tracked.id
            return Change(
                type.cls, id, "insert", 0, max(version + 1, int(self._clock() * 1e6)), made,
                patch, type.ttl_s,
            )  # fmt: skip
        if not patch:
            return Change(type.cls, tracked.id, "check", version, version)
        return Change(type.cls, tracked.id, "update", version, version + 1, made, patch, type.ttl_s)

    async def _announce(self, tracked: Tracked, change: Change) -> None:
        made = tracked.made
        if change.snapshot is not None and made is not None:
            tracked.made = stored(made, change.version)
            tracked.id = change.id
        await self._bus.publish(changed_message(tracked.type, change, tracked.base))


def changed_message(type: EntityType, change: Change, base: Entity) -> Changed:
    """What the bus is told of one committed change."""
    info = type.cls.__entity__
    kinds: dict[str, Kind] = {"insert": "created", "update": "updated", "delete": "deleted"}
    names = tuple(n for n in change.patch.fields if n not in info.private)
    before = base.__dict__
    return Changed(
        type.name,
        change.id,
        kinds[change.kind],
        change.version,
        change.base,
        None if change.snapshot is None else public_state(change.snapshot),
        names + info.computed,
        {n: plain(before[n]) for n in names if n in before and info.fields[n].atomic},
    )


async def _commit_all(parts: list[tuple[Repository, list[Change], Marker | None]]) -> None:
    """Commit to every store: transactional ones stay open until the last has accepted.

    Only a crash between the last two commits may leave the last store ahead.
    """
    if len(parts) == 1:
        repository, changes, marker = parts[0]
        await repository.commit(Batch(changes, marker))
        return
    if not parts:
        return
    parts.sort(key=lambda part: not part[0].transactional)
    if sum(not part[0].transactional for part in parts) > 1:
        names = sorted({change.entity.__name__ for part in parts for change in part[1]})
        raise ConfigurationError(
            f"One unit of work changes {', '.join(names)}, which live in two stores that can't "
            "commit together. Keep them in one store, or change one of them in an @on handler."
        )

    async def commit(index: int) -> None:
        repository, changes, marker = parts[index]
        between = partial(commit, index + 1) if index + 1 < len(parts) else None
        await repository.commit(Batch(changes, marker), between)

    await commit(0)
