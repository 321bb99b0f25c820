"""The port of the frontend protocol: what pages carry, and how replies and streams are encoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starmodel.app.commands.command import Outcome
from starmodel.app.commands.elements import Element
from starmodel.app.commands.replies import Reply
from starmodel.app.queries.listing import Listing
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import Action
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.results import Progress


class Realtime(Protocol):
    """What the application needs of the adapter that keeps pages live."""

    def render_action(self, entity_type: EntityType, action: Action) -> str:
        """What a click on the page being made will send."""

    def show(self, entity: Entity, view: str = "") -> str:
        """Put the entity, or a live view of it, on the stream of the page being made.

        What comes back is HTML that has to stand right before the view, mostly none.
        """

    def namespace(self, entity: Entity) -> str:
        """Where the entity's signals stand on the page being made."""


class RealtimeAdapter(Realtime, Protocol):
    """What web and UI adapters ask of the transport."""

    @property
    def root_path(self) -> str:
        """Where the application is mounted, for the page being made."""

    def declare(self, entity: Entity) -> str:
        """The HTML that declares an entity's signals and watches it."""

    def show_list(self, listing: Listing) -> None:
        """Put a list on the stream of the page being made."""

    def head(self, root_path: str) -> str:
        """The HTML that a page's head needs."""

    def tail(self) -> str:
        """The HTML that closes a page."""

    def form_action(
        self, entity_type: EntityType, event: Event[Any, Any, Any], id: Any = None
    ) -> str:
        """What submitting a generated form sends."""

    def bulk_action(self, entity_type: EntityType) -> str:
        """What submitting the form for all chosen rows of a list sends."""

    def address(self, entity_type: EntityType, event: Event[Any, Any, Any], id: Any = None) -> str:
        """Where a plain form posts to."""

    def encode_reply(self, entity_type: EntityType, outcome: Outcome, *, has_page: bool) -> bytes:
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
