"""The fixture of contract tests: an empty repository, a fake clock, and expired entities."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import abc
import asyncio
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, TypeVar

from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Batch, Change, Marker, Repository
from starmodel.core.changes.patches import diff
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.events import event
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import Field
from starmodel.core.snapshot import version_of
from starmodel.testing.fakes import FakeClock

E = TypeVar("E", bound=Entity)


class Colour(enum.StrEnum):
    RED = "red"
    GREEN = "green"


# Underscored, so that `create_app()` does not take them for the application's own.
class _Item(Entity):
    """Scalars, containers and a private field."""

    name: str
    size: int | None = None
    price: float = 0.0
    colour: Colour | None = None
    tags: list[str] = Field(default_factory=list)
    notes: dict[str, Any] = Field(default_factory=dict)
    cost: int = Field(default=0, private=True)

    @event
    def rename(self, name: str) -> None:
        self.name = name


class _Lamp(Entity):
    """Scalars only."""

    level: int = 0


class _Ticket(Entity):
    """The store generates its id."""

    id: int | None = Field(default=None, primary_key=True)
    text: str = ""


class _Guest(Entity):
    """A ttl of one minute."""

    model_config: ClassVar[EntityConfig] = {"ttl": 60.0}

    name: str = ""


Item: TypeAlias = _Item
Lamp: TypeAlias = _Lamp
Guest: TypeAlias = _Guest
Ticket: TypeAlias = _Ticket


@dataclass
class Stage:
    """An open, empty repository with its clock.

    Shapes: expired lists the (class, id, version) of each expiry callback.
    """

    repository: Repository
    clock: FakeClock
    let_pass: Callable[[float], Awaitable[None]]
    expired: list[tuple[type[Entity], Any, int]] = field(default_factory=list)

    async def put(self, *entities: Entity, version: int = 1) -> None:
        """Insert new entities, each in a separate batch."""
        for entity in entities:
            await self.repository.commit(Batch([inserted(entity, version)]))

    async def got(self, entity: E) -> E:
        """The stored snapshot of an existing entity."""
        found = await self.repository.get(type(entity), entity.id)
        assert found is not None, f"{entity!r} is not stored"
        return found


def inserted(entity: Entity, version: int = 1) -> Change:
    """The insert of a new entity, with the ttl of its class."""
    cls = type(entity)
    return Change(cls, entity.id, "insert", 0, version, entity, ttl_s=cls.model_config.get("ttl"))


def updated(old: Entity, **values: Any) -> Change:
    """The update of a loaded snapshot."""
    cls, new = type(old), old.evolve(**values)
    version = version_of(old)
    return Change(
        cls, old.id, "update", version, version + 1, new, diff(old, new),
        cls.model_config.get("ttl"),
    )  # fmt: skip


def deleted(old: Entity) -> Change:
    """The delete of a loaded snapshot."""
    return Change(type(old), old.id, "delete", version_of(old), version_of(old) + 1)


def checked(old: Entity) -> Change:
    """The check that the stored version is the loaded one."""
    return Change(type(old), old.id, "check", version_of(old), version_of(old))


def marked(command: str, at: float, outcome: str | None = None) -> Marker:
    """An idempotency marker with a fixed key, for the run of a command."""
    return Marker("session|Item:1|rename|key", "digest", command, at, outcome)


class ContractBase(abc.ABC):
    """The hooks of a backend: `make_repository`, and `let_pass` unless its clock is injected."""

    @abc.abstractmethod
    def make_repository(self, clock: Clock) -> Repository:
        """A new, empty, unopened repository that uses this clock."""

    async def let_pass(self, repository: Repository, clock: FakeClock, seconds: float) -> None:
        """Advance the clock and sweep expired entities. A backend with its own clock sleeps."""
        clock.now += seconds
        await repository.sweep()  # type: ignore[attr-defined]  # not part of the port

    async def play(self, test: Callable[[Stage], Awaitable[None]]) -> None:
        """Open a repository, run one test on it, close it."""
        clock = FakeClock()
        repository = self.make_repository(clock)

        async def let_pass(seconds: float) -> None:
            await self.let_pass(repository, clock, seconds)

        async def expired(entity: type[Entity], id: Any, version: int) -> None:
            stage.expired.append((entity, id, version))

        stage = Stage(repository, clock, let_pass)
        types = [entity_type(cls, "contract") for cls in (_Item, _Lamp, _Guest, _Ticket)]
        await repository.open(types, expired)
        try:
            await test(stage)
        finally:
            await repository.close()


def staged(test: Callable[[Any, Stage], Awaitable[None]]) -> Callable[[Any], None]:
    """Wrap an async test in a synchronous one, which needs no pytest plugin."""

    def run(self: ContractBase) -> None:
        async def on(stage: Stage) -> None:
            await test(self, stage)

        asyncio.run(self.play(on))

    # Not functools.wraps: pytest would look for a fixture named `stage`.
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run
