"""The ports of what a visitor sees: pages (`UIAdapter`) and their live part (`RealtimeAdapter`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starmodel.app.access import Actor
from starmodel.app.command import Outcome
from starmodel.app.elements import Element
from starmodel.app.listing import Listing, Window
from starmodel.app.ports import Realtime, Renderer
from starmodel.app.replies import Reply
from starmodel.app.session import Session
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.registry import EntityType
from starmodel.core.results import Progress


class RealtimeAdapter(Realtime, Protocol):
    """What web and UI adapters ask of the transport."""

    @property
    def root_path(self) -> str:
        """Where the application is mounted, for the page being made."""

    def begin(self, session: Session, root_path: str, *, patch: bool = False) -> Any:
        """Start collecting what a response shows."""

    def declare(self, entity: Entity) -> str:
        """The HTML that declares an entity's signals and watches it."""

    def show_list(self, listing: Listing) -> None:
        """Put a list on the stream of the page being made."""

    def head(self, root_path: str) -> str:
        """The HTML that a page's head needs."""

    def tail(self) -> str:
        """The HTML that closes a page."""

    def form_action(self, type: EntityType, event: Event[Any, Any, Any], id: Any = None) -> str:
        """What submitting a generated form sends."""

    def bulk_action(self, type: EntityType) -> str:
        """What submitting the form for all chosen rows of a list sends."""

    def address(self, type: EntityType, event: Event[Any, Any, Any], id: Any = None) -> str:
        """Where a plain form posts to."""

    def encode_reply(self, type: EntityType, outcome: Outcome, *, has_page: bool) -> bytes:
        """What the caller of an event is sent."""

    async def encode_shown(self, session: Session) -> bytes:
        """What the page is to show of the states that this request carried."""

    def encode_states(self, session: Session) -> bytes:
        """What the browser is to store and show of the states that this request changed."""

    def encode_effects(self, reply: Reply, *, status: int | None = None) -> bytes:
        """Elements, toasts and a redirect, as the caller's page takes them."""

    def encode_progress(self, id: str, progress: Progress | None, *, first: bool) -> bytes:
        """How far an event has come, for its caller; None when it is over."""

    def encode_refusal(self, status: int, text: str, elements: Sequence[Element] = ()) -> bytes:
        """What the caller of a refused event is sent. Shapes: text is the toast's, "" for none."""

    def encode_stale(self, status: int) -> bytes:
        """What a page is sent whose session has ended, instead of running anything."""

    async def serve_stream(self, scope: Any, receive: Any, send: Any, session: Session) -> None:
        """Serve a page's stream.

        Raises before it begins: AccessDeniedError, TooManyStreamsError.
        """

    async def close(self) -> None:
        """End every stream."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of one application share.

    Shapes: head gives the head's HTML for a mount point, all but title and
    scripts; look is the class of <html>; icons is the address of the icons
    below the mount point.
    Units: max_body_bytes is the largest request, 0 for no limit.
    """

    title: str
    head: Callable[[str], str]
    look: str
    icons: str
    max_body_bytes: int = 0


class UIAdapter(Renderer, Protocol):
    """Turns entities into pages. Components are whatever `render` takes.

    Shapes: scripts are the texts of inline scripts of its own, which the
    Content-Security-Policy of its pages then allows.
    """

    scripts: Sequence[str]

    def page(
        self,
        title: str,
        *content: Any,
        actor: Actor | None = None,
        at: EntityType | None = None,
        lead: Any = None,
        subject: Entity | None = None,
    ) -> str:
        """A whole page; `at` is the class it belongs to, `lead` stands beside its heading.

        With the record that it is about as `subject`, heading and tab follow the record's name.
        """

    def problem_page(self, problem: Any, actor: Actor | None = None) -> str:
        """A whole page for an error."""

    def failure_panel(self, problem: Any) -> Any:
        """What a developer sees of an event that raised, on the page of the click."""

    def start(self, actor: Actor | None) -> Any:
        """What the start page shows: every entity that the actor may read."""

    def title(self, type: EntityType, entity: Entity) -> str:
        """The name people know an entity by."""

    def nav(self, types: Sequence[EntityType], at: EntityType | None) -> Any:
        """The links to these classes; `at` is the one that the page belongs to."""

    def table(self, listing: Listing, window: Window, actor: Actor | None) -> Any:
        """The records of a list, live, with links to the pages before and after."""

    def lead(self, type: EntityType, entity: Entity | None, actor: Actor | None) -> Any:
        """What stands beside the heading of a list, or of one record."""

    def detail(self, type: EntityType, entity: Entity) -> Any:
        """One entity's fields, live."""

    def events(self, type: EntityType, entity: Entity, actor: Actor | None = None) -> Any:
        """A form for each of an entity's events that the actor may run."""

    def form(
        self,
        type: EntityType,
        event: Event[Any, Any, Any],
        id: Any = None,
        *,
        values: Mapping[str, Any] | None = None,
        problems: Mapping[str, str] | None = None,
        was: Mapping[str, str] | None = None,
    ) -> Any:
        """A form that runs an event; works with and without JavaScript.

        Shapes: was is what an edit form remembers; see `starmodel.app.editing`.
        """

    def field_problems(
        self,
        type: EntityType,
        event: Event[Any, Any, Any],
        id: Any,
        problems: Mapping[str, str],
        was: Mapping[str, str],
    ) -> Sequence[Element]:
        """The patches that put each sentence beside its input, and clear the others.

        With `was` also those that renew what the form remembers.
        """
