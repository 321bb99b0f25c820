"""The port of frontends: what a page declares, and the patches that update it.

A patch is a value of the frontend's protocol; a transport frames and sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from starmodel.app.commands.command import Outcome
from starmodel.app.commands.elements import Element
from starmodel.app.commands.replies import Reply
from starmodel.app.live.live_queries import LiveRecords
from starmodel.app.live.topics import Topics
from starmodel.app.live.views import LiveView, Shown
from starmodel.app.ports.transport import Patch
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import Listing
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import Action
from starmodel.core.entity import Entity
from starmodel.core.events import Event, EventInfo
from starmodel.core.events.results import Progress

ABSENT_ID = "starmodel-absent"
"""The id of the template that takes the patches of titles that have left the page."""


class ReplyEncoder(Protocol):
    """Encodes what the caller of an event receives, as patches of its page."""

    def encode_reply(
        self, entity_type: EntityType, outcome: Outcome, session: Session, *, has_page: bool
    ) -> Sequence[Patch]:
        """The reply to an event, after the browser states that it changed.

        Shapes: has_page is True for a caller whose page has a stream.
        """

    async def encode_shown(self, session: Session) -> Sequence[Patch]:
        """The browser states of this request as the page renders them.

        Raises: AccessDeniedError, for a page of another visitor.
        """

    def encode_effects(self, reply: Reply, *, status: int | None = None) -> Sequence[Patch]:
        """Elements, toasts and a redirect; without any, a bare success of that status."""

    def encode_part(self, element: Element) -> Sequence[Patch]:
        """An element of the page, and the subscription to the live topics in it."""

    def encode_progress(
        self, id: str, progress: Progress | None, *, first: bool
    ) -> Sequence[Patch]:
        """The progress of a running event; None removes it."""

    def encode_error(
        self, status: int, text: str, elements: Sequence[Element] = ()
    ) -> Sequence[Patch]:
        """A rejected event. Shapes: text is the toast's, "" for none."""

    def encode_stale(self, status: int) -> Sequence[Patch]:
        """The reply to a page whose session has ended; no event runs."""


class Frontend(Protocol):
    """The protocol of live pages: their markup, their topics and their patches."""

    @property
    def replies(self) -> ReplyEncoder: ...

    @property
    def root_path(self) -> str:
        """The mount point of the application, for the current page."""

    # Pages

    def declare(self, entity: Entity) -> str:
        """The HTML that declares the entity's signals; the page subscribes to its topic."""

    def show(self, entity: Entity, view: str = "") -> str:
        """Subscribe the current page to the entity, or to a live view of it.

        Returns the HTML that precedes the view; often "".
        """

    def show_list(self, listing: Listing) -> None:
        """Subscribe the current page to a list."""

    def show_query(self, records: LiveRecords[Any], view: str) -> None:
        """Subscribe the current page to a live view of the records of a query."""

    def show_slot(self, content: str, classes: Iterable[EntityType], place: Any) -> None:
        """Let the current page request the content again when an entity of a class changes.

        Shapes: content is the id of its element; place is a `Place`.
        """

    def request_title(
        self, resource: MountedResource, id: Any, element: str, relation: str = ""
    ) -> str:
        """The attribute of an element that lets the page request the title of a record.

        Shapes: with a relation, the titles of the records that it links.
        """

    def adopt(self, page: Any) -> None:
        """Subscribe the current page to the topics of a page that a part of it was rendered on."""

    def rows_id(self, listing: Listing) -> str:
        """The id of the element that holds the rows of a list, at which they are patched."""

    def live_part(self, view: LiveView, shown: Shown) -> Any:
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

    def head(self, root_path: str, *, has_form: bool = False) -> str:
        """The HTML of the scripts in a page's head, with those of forms for a page that has one."""

    def body_end(self) -> str:
        """The HTML at the end of a page's body: notices, and the element that opens its stream."""

    # Actions

    def render_action(self, resource: MountedResource, action: Action) -> str:
        """The expression that dispatches the action, for an event attribute of the current page."""

    def form_action(
        self, resource: MountedResource, event: Event[Any, Any, Any], id: Any = None
    ) -> str:
        """The expression that submits a generated form."""

    def bulk_action(self, resource: MountedResource) -> str:
        """The expression that submits the bulk form of a list."""

    def cancel_action(self, progress: str) -> str:
        """The expression that ends the event whose progress has this element id."""

    # The stream of a page

    async def stream_topics(self, query: str, session: Session) -> Topics:
        """The topics of a page, from the query string of its stream.

        Raises: AccessDeniedError, for a page of another visitor; RequestError.
        """

    def stream_opening(self) -> Sequence[Patch]:
        """The first patches of every page's stream."""


class DataFrontend(Protocol):
    """The protocol of clients without pages, which receive state as data."""

    def entity_topics(self, resource: MountedResource, id: Any) -> Topics:
        """The topics of a stream of one entity."""

    def list_topics(
        self, resource: MountedResource, listing: Listing, *, total: bool = False
    ) -> Topics:
        """The topics of a stream of one list; with `total`, its windows count all pages."""
