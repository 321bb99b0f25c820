"""The port of the frontend protocol: signals and actions of pages, encoded replies, streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starmodel.app.commands.command import Outcome
from starmodel.app.commands.elements import Element
from starmodel.app.commands.replies import Reply
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import Listing
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import Action
from starmodel.core.entity import Entity
from starmodel.core.events import Event, EventInfo
from starmodel.core.events.results import Progress


class Realtime(Protocol):
    """The part of the frontend protocol that entities reach through their application."""

    def render_action(self, resource: MountedResource, action: Action) -> str:
        """The expression that dispatches the action, for an event attribute of the current page."""

    def show(self, entity: Entity, view: str = "") -> str:
        """Subscribe the current page to the entity, or to a live view of it.

        Returns the HTML that declares missing signals, to be inserted before the view; often "".
        """

    def live_part(self, view: LiveView, entity: Entity) -> Any:
        """The component of a live view, with a root at which later renderings are patched.

        Raises: ConfigurationError, for elements that can have none.
        """

    def element_of(self, html: str, info: EventInfo, where: str) -> Element:
        """The HTML that an event returned, at its place in the caller's page.

        Shapes: where names the event in errors.
        Raises: ConfigurationError, for HTML that the page has no place for.
        """

    def namespace(self, entity: Entity) -> str:
        """The namespace of the entity's signals on the current page."""


class RealtimeAdapter(Realtime, Protocol):
    """The frontend protocol: what web and UI adapters render and encode with."""

    @property
    def root_path(self) -> str:
        """The mount point of the application, for the current page."""

    def declare(self, entity: Entity) -> str:
        """The HTML that declares the entity's signals; the page subscribes to its topic."""

    def show_list(self, listing: Listing) -> None:
        """Subscribe the current page to a list."""

    def rows_id(self, listing: Listing) -> str:
        """The id of the element that holds the rows of a list, at which they are patched."""

    def head(self, root_path: str) -> str:
        """The HTML of the scripts in a page's head."""

    def tail(self) -> str:
        """The HTML at the end of a page: its stream token and initial signals."""

    def form_action(
        self, resource: MountedResource, event: Event[Any, Any, Any], id: Any = None
    ) -> str:
        """The expression that submits a generated form."""

    def bulk_action(self, resource: MountedResource) -> str:
        """The expression that submits the bulk form of a list."""

    def encode_reply(self, entity_type: EntityType, outcome: Outcome, *, has_page: bool) -> bytes:
        """The response body for the caller of an event."""

    async def encode_shown(self, session: Session) -> bytes:
        """The patches that render the browser state of this request on the page."""

    def encode_states(self, session: Session) -> bytes:
        """The browser state that this request changed, for the browser to store and render."""

    def encode_effects(self, reply: Reply, *, status: int | None = None) -> bytes:
        """Elements, toasts and a redirect, as patches of the caller's page."""

    def encode_progress(self, id: str, progress: Progress | None, *, first: bool) -> bytes:
        """The progress of a running event, as a patch; None removes it."""

    def encode_error(self, status: int, text: str, elements: Sequence[Element] = ()) -> bytes:
        """The response body for a refused event. Shapes: text is the toast's, "" for none."""

    def encode_stale(self, status: int) -> bytes:
        """The response body for a page whose session has ended; no event runs."""

    async def serve_stream(self, scope: Any, receive: Any, send: Any, session: Session) -> None:
        """Serve a page's stream.

        Raises before it begins: AccessDeniedError, TooManyStreamsError.
        """

    async def close(self) -> None:
        """End every stream."""
