"""Slots: named places of generated pages that plugins fill."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from starmodel.app.access.offers import answer_to, await_later, offers
from starmodel.app.access.policy import Actor
from starmodel.app.access.rules import permits_page
from starmodel.app.context import current_context, derived_context
from starmodel.app.failures import is_failure
from starmodel.app.presentation.areas import Areas
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.access_rules import AccessRule, check_page_access
from starmodel.core.snapshot import version_of
from starmodel.texts.catalogue import Message

log = logging.getLogger("starmodel.plugins")
Slot = Literal[
    "page.head", "page.account", "page.top", "start.tiles", "list.actions", "record.actions",
    "record.panels", "form.after",
]  # fmt: skip
HEAD: Slot = "page.head"
SLOTS: tuple[str, ...] = get_args(Slot)
TIMEOUT_S = 2.0
FAILED, SLOW = Message("slot.failed"), Message("slot.slow")
_UNKNOWN = object()
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
SLOW_S = 0.2  # a synchronous content that takes longer is logged


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot is rendered, and for whom.

    Shapes: entity_type is that of the page, None on the start page; entity is the record
    or instance of a record page. An instance of a browser store has its defaults: a live view
    or a signal of it shows what the browser has.
    """

    slot: str
    actor: Actor | None = None
    entity_type: EntityType | None = None
    entity: Entity | None = None


@dataclass(frozen=True, slots=True)
class SlotContent:
    """A content of one slot.

    Rendered for each page, for those whom `access` permits and who may read every class of
    `reads`. An exception becomes an error card, and a coroutine is cancelled after two
    seconds; the rest of the page is unaffected. Live views inside it follow their entities,
    and the page requests the content again when an entity of `refresh_on` changes. A content of
    page.head is `<meta>`, `<link>`, `<script>` or `<style>`, and neither live nor refreshed.

    Shapes: render(place) returns a component or None, or is a coroutine function; name is
    unique among the contents of the plugin; only is the classes whose pages show it, empty
    for all.
    """

    slot: Slot
    name: str
    render: Callable[[Place], Any]
    access: AccessRule = "signed_in"
    reads: Sequence[type[Entity]] = ()
    only: Sequence[type[Entity]] = ()
    refresh_on: Sequence[type[Entity]] = ()

    def __post_init__(self) -> None:
        where = f"SlotContent({self.slot!r}, {self.name!r})"
        if self.slot not in SLOTS:
            raise ConfigurationError(
                f"{where}: there is no such slot; the slots are {', '.join(SLOTS)}."
            )
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"{where}: expected a name of lower-case letters, digits, '-' and '_'."
            )
        if not callable(self.render):
            raise ConfigurationError(f"{where}: render is {self.render!r}; expected a function.")
        check_page_access(where, self.access)
        if self.slot == HEAD and self.refresh_on:
            raise ConfigurationError(f"{where}: the head of a page is not refreshed.")
        for name in ("reads", "only", "refresh_on"):
            classes = getattr(self, name)
            if not isinstance(classes, list | tuple) or not all(
                isinstance(cls, type) and issubclass(cls, Entity) for cls in classes
            ):
                raise ConfigurationError(
                    f"{where}: {name} is {classes!r}; expected entity classes."
                )


@dataclass(frozen=True, slots=True)
class Filled:
    """A content for the UI adapter to render.

    Shapes: id is that of its element; component is what the content returned; error is the
    message of a failed one, None for others; page has the live topics of a coroutine's
    component, which the current page adopts.
    """

    id: str
    content: SlotContent
    component: Any = None
    error: Message | None = None
    page: Any = None


class Slots:
    """The contents of all slots of an application, in the order of the plugins."""

    def __init__(self, registry: Registry, areas: Areas, adopt: Callable[[Any], None]) -> None:
        self._registry, self._areas, self._adopt = registry, areas, adopt
        self._contents: dict[str, SlotContent] = {}

    def add(self, plugin: str, content: SlotContent) -> None:
        """Add a content of a plugin.

        Raises: ConfigurationError, for a second one of a name, and for one that is to follow
        a browser store.
        """
        id = f"slot-{plugin}-{content.name}"
        if id in self._contents:
            raise ConfigurationError(
                f"The plugin {plugin!r} has two slot contents named {content.name!r}."
            )
        for entity_type in self.refreshed_by(content):
            if entity_type.in_browser:
                raise ConfigurationError(
                    f"The content {content.name!r} names {entity_type.name} in refresh_on, whose "
                    "state is in the browser, so the server sees no change of it. Show it by a "
                    "@live view or a signal."
                )
        self._contents[id] = content

    def named(self, id: str) -> SlotContent | None:
        return self._contents.get(id)

    def fill(self, place: Place) -> list[Filled]:
        """The contents of the slot that the actor may see, inside `offers.rendered`."""
        return [
            filled
            for id, content in self._contents.items()
            if content.slot == place.slot and (filled := self.fill_one(id, content, place))
        ]

    def fill_one(self, id: str, content: SlotContent, place: Place) -> Filled | None:
        """One content; None without one for this place and actor."""
        if not self._is_for(content, place):
            return None
        key = _key(id, place)
        filled = answer_to(key, _UNKNOWN)
        if filled is not _UNKNOWN:
            if filled is not None:
                self._adopt(filled.page)
            return filled  # type: ignore[no-any-return]  # of `_finished`
        started = time.perf_counter()
        try:
            made = content.render(place)
        except BaseException as error:  # a failing plugin must not fail the page
            if not is_failure(error):
                raise
            log.exception("The content %s failed", id)
            return Filled(id, content, error=FAILED)
        if time.perf_counter() - started > SLOW_S:
            log.warning("The content %s blocks other requests for more than %s s", id, SLOW_S)
        if inspect.iscoroutine(made):
            finished = self._finished(id, content, made)
            if not await_later(key, finished):
                finished.close()
                made.close()
            return None
        return _filled(id, content, made)

    def refreshed_by(self, content: SlotContent) -> list[EntityType]:
        """The classes of this application whose changes outdate the content."""
        return [t for t in map(self._registry.get, content.refresh_on) if t is not None]

    def _is_for(self, content: SlotContent, place: Place) -> bool:
        cls = None if place.entity_type is None else place.entity_type.cls
        if content.only and cls not in content.only:
            return False
        if not permits_page(content.access, place.actor, place.entity):
            return False
        policy, types = self._areas.current.policy, map(self._registry.get, content.reads)
        return all(
            entity_type is not None and offers(policy, entity_type, place.actor)
            for entity_type in types
        )

    async def _finished(
        self, id: str, content: SlotContent, pending: Coroutine[Any, Any, Any]
    ) -> Filled | None:
        # The page is rendered again when this is done, so it collects its topics apart.
        own = derived_context(page=None)
        current_context.set(own)  # of this task
        try:
            async with asyncio.timeout(TIMEOUT_S):
                made = await pending
        except TimeoutError:
            log.error("The content %s was cancelled after %s s", id, TIMEOUT_S)
            return Filled(id, content, error=SLOW)
        except BaseException as error:  # a failing plugin must not fail the page
            if not is_failure(error):
                raise
            log.exception("The content %s failed", id)
            return Filled(id, content, error=FAILED)
        return _filled(id, content, made, own.page)


def _filled(id: str, content: SlotContent, made: Any, page: Any = None) -> Filled | None:
    """The content; an empty one stays on the page if it may be refreshed."""
    if made is None and not content.refresh_on:
        return None
    return Filled(id, content, made, page=page)


def _key(id: str, place: Place) -> tuple[Any, ...]:
    entity = place.entity
    record = None if entity is None else (entity.id, version_of(entity))
    return ("slot", id, place.actor, record)
