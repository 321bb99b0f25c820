"""Fakes of the ports: a settable clock, sequential ids, a recording bus, a transactional store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, TypeVar

import inflection

from starmodel.adapters.encryption import AesCipher
from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.persistence.browser import BrowserRepository
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.access.policy import AccessPolicy, Audience
from starmodel.app.access.rules import RulePolicy
from starmodel.app.application import Application
from starmodel.app.bus import InProcessBus
from starmodel.app.commands.elements import Element
from starmodel.app.live.reactions import Reaction
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.bus import EventBus
from starmodel.app.ports.clock import Clock, IdSource
from starmodel.app.ports.messages import Message
from starmodel.app.ports.repository import Batch, Repository
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Row
from starmodel.app.queries.listing import Listing, Window
from starmodel.app.queries.record_keys import row_key
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import DuplicateCommandError
from starmodel.core.events.results import Progress, Toast
from starmodel.core.public_state import public_state

M = TypeVar("M")


class FakeClock:
    """A clock that only `advance` moves. Units: now is seconds since the epoch."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.now += seconds


class CountingIds:
    """Ids in order: "c1", "c2", …"""

    def __init__(self, prefix: str = "c") -> None:
        self._prefix, self.made = prefix, 0

    def __call__(self) -> str:
        self.made += 1
        return f"{self._prefix}{self.made}"


class RecordingBus(InProcessBus):
    """An in-process bus that records every published message and wants every topic."""

    def __init__(self, *, serialise: bool = False) -> None:
        super().__init__(serialise=serialise)
        self.messages: list[Any] = []
        self.subscribe(self._record)

    async def _record(self, message: Message) -> None:
        self.messages.append(message)

    def of(self, kind: type[M]) -> list[M]:
        """The messages of one type, oldest first."""
        return [message for message in self.messages if isinstance(message, kind)]


class FakeTransactionalRepository(MemoryRepository):
    """An in-memory store with transactions, in place of a SQL store.

    Shapes: `refusal` is raised by the next commit, which then stores nothing.
    """

    transactional = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._open = asyncio.Lock()
        self.refusal: Exception | None = None

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        async with self._open:
            refusal, self.refusal = self.refusal, None
            if refusal is not None:
                raise refusal
            if between is not None:
                await self._accepts(batch)
                await between()
            await super().commit(batch)

    async def _accepts(self, batch: Batch) -> None:
        for change in batch.changes:
            self._checked(change)
        if batch.marker is not None:
            known = await self.marker(batch.marker.key)
            if known is not None and known.command != batch.marker.command:
                raise DuplicateCommandError(batch.marker.key)


class FakeRenderer:
    """Renders a component by its `__html__` method, any other value by `str`."""

    def render(self, component: Any) -> str:
        html = getattr(component, "__html__", None)
        return str(component) if html is None else str(html())

    def message_toast(self, toast: Toast) -> Any:
        return toast.text

    def message_progress(self, id: str, progress: Progress) -> Any:
        return progress.text

    def list_rows(
        self,
        resource: MountedResource,
        listing: Listing,
        entities: Sequence[Entity],
        audience: Audience,
        titles: RelatedTitles = NO_TITLES,
    ) -> list[Row]:
        rows = [(row_key(e), str(public_state(e))) for e in entities] or [("none", "Nothing")]
        return [Row(key, f'<li data-key="{key}">{escape(text)}</li>') for key, text in rows]

    def list_controls(
        self, resource: MountedResource, listing: Listing, window: Window
    ) -> Sequence[Element]:
        return [Element(f'<p id="{rows_id(listing)}-more">{window.more}</p>')]


def fake_application(
    *entities: type[Entity],
    clock: Clock | None = None,
    ids: IdSource | None = None,
    bus: EventBus | None = None,
    policy: AccessPolicy | None = None,
    stores: Mapping[str, Callable[[], Repository] | Repository] | None = None,
    reactions: Iterable[Reaction] = (),
    **options: Any,
) -> Application:
    """An application of these entities without a web adapter, every server store in memory.

    Its bus sends each message through the codec.

    >>> class Lamp(Entity):
    ...     level: int = 0
    >>> fake_application(Lamp).registry[Lamp].scope
    'session'
    """
    registry = Registry(entities, pluralize=inflection.pluralize)
    clock = clock or FakeClock()
    repositories: dict[str, Repository] = {
        "memory": MemoryRepository(clock=clock),
        "sql": FakeTransactionalRepository(clock=clock),
        "local_storage": BrowserRepository(clock=clock),
        "session_storage": BrowserRepository(clock=clock),
    }
    application = Application(
        registry=registry,
        persistence=PersistenceManager(registry, {**repositories, **(stores or {})}),
        bus=bus or RecordingBus(serialise=True),
        policy=policy or RulePolicy(),
        secret="a secret for tests",  # noqa: S106 - guards nothing
        cursor_cipher=AesCipher(["a secret for tests"], "cursor"),
        clock=clock,
        ids=ids or CountingIds(),
        reactions=reactions,
        **options,
    )
    application.ui = FakeRenderer()
    application.areas.render_with(application.ui, application.areas)
    return application
