"""The frontend of live pages with Datastar: their markup, actions and topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode

from starmodel.adapters.frontends.datastar.actions import ActionExpressions, current_root_path
from starmodel.adapters.frontends.datastar.browser_states import BrowserStates
from starmodel.adapters.frontends.datastar.browser_texts import BrowserTexts
from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.frontends.datastar.elements import element_of
from starmodel.adapters.frontends.datastar.expressions import (
    attribute,
    script_json,
)
from starmodel.adapters.frontends.datastar.page_topics import page_topics
from starmodel.adapters.frontends.datastar.pages import Page, SlotTopic, current_page, page_at
from starmodel.adapters.frontends.datastar.patches import (
    DatastarPatch,
    nested,
    open_stream,
    signals_of,
)
from starmodel.adapters.frontends.datastar.replies import DatastarReplies
from starmodel.adapters.frontends.datastar.root_elements import live_part
from starmodel.adapters.frontends.datastar.tokens import Tokens
from starmodel.adapters.frontends.datastar.views import TITLES_PATH
from starmodel.app.application import Application
from starmodel.app.commands.elements import Element
from starmodel.app.context import current_context
from starmodel.app.live.live_queries import LiveRecords
from starmodel.app.live.topics import Topics
from starmodel.app.live.views import LiveView, Shown
from starmodel.app.presentation.areas import Area
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.slots import Place
from starmodel.app.queries.listing import Listing
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import RequestError
from starmodel.core.events import EventInfo
from starmodel.core.public_state import public_state

STREAM_PATH = "/_starmodel/stream"
MAX_QUERY_BYTES = 64 * 1024


class DatastarFrontend:
    """The Datastar frontend of one application.

    Shapes: assets maps "starmodel.js" to its URL below the mount path;
    render renders a component as HTML.
    """

    def __init__(
        self,
        application: Application,
        *,
        secrets: Sequence[str],
        assets: Mapping[str, str],
        render: Callable[[Any], str],
        default_method: str = "post",
    ) -> None:
        self._application, self._assets, self._render = application, assets, render
        self._tokens = Tokens(secrets)
        self._texts = BrowserTexts(application)
        self.build = assets.get("build", "")
        self._browser_states = BrowserStates(application, self._tokens, self.render_part)
        self.replies = DatastarReplies(application, self._browser_states, self.grant)
        actions = ActionExpressions(application, default_method)
        self.render_action, self.form_action = actions.render_action, actions.form_action
        self.bulk_action, self.cancel_action = actions.bulk_action, actions.cancel_action

    # Pages

    def show(self, entity: Entity, view: str = "") -> str:
        """Subscribe the current page to the entity; no effect outside a page."""
        page = current_page()
        if page is None:
            return ""
        entity_type = self._application.registry[entity.__entity__.cls]
        page.show(entity_type, entity, view)
        if not view or page.patch:
            return ""
        return self._browser_states.hide_until_restored(entity_type)

    def live_part(self, view: LiveView, shown: Shown) -> Any:
        return live_part(view, shown).component

    def element_of(self, html: str, info: EventInfo, where: str) -> Element:
        return element_of(html, info, where)

    def show_list(self, listing: Listing) -> None:
        """Subscribe the current page to the list; no effect outside a page."""
        page = current_page()
        if page is not None:
            page.show_list(listing)

    def show_query(self, records: LiveRecords[Any], view: str) -> None:
        """Subscribe the current page to a view of these records; no effect outside a page."""
        page = current_page()
        if page is not None and records.listing is not None:
            page.show_query(records.listing, view)

    def show_slot(self, content: str, classes: Iterable[EntityType], place: Place) -> None:
        """Let the page request the content again when an entity of these classes changes."""
        page, entity = current_page(), place.entity
        if page is None:
            return
        subject = "" if place.entity_type is None else place.entity_type.name
        id = "" if entity is None else plain(entity.id)
        for entity_type in classes:
            page.topics[SlotTopic(entity_type.name, content, subject, id)] = None

    def request_title(
        self, resource: MountedResource, id: Any, element: str, relation: str = ""
    ) -> str:
        """The attribute that lets the page request a title, with the rights of its visitor.

        Shapes: element is the id of the element that the title replaces; with a relation, by the
        titles of the records that it links.
        """
        query = {
            "entity": resource.entity_type.name, "id": str(id), "element": element,
            "area": resource.prefix, **({"relation": relation} if relation else {}),
        }  # fmt: skip
        url = f"{current_root_path()}{TITLES_PATH}?{urlencode(query)}"
        return attribute("data-init", f"@get({script_json(url)})")

    def adopt(self, page: Page) -> None:
        """Subscribe the current page to the topics of another page of the same response."""
        current = current_page()
        if current is not None:
            current.topics.update(page.topics)

    def rows_id(self, listing: Listing) -> str:
        return rows_id(listing)

    def namespace(self, entity: Entity) -> str:
        """The signal namespace of this entity on the current page."""
        entity_type = self._application.registry[entity.__entity__.cls]
        page = current_page()
        if page is None:
            return entity_type.cls.__entity__.namespace
        return page.namespace(entity_type, entity)

    def declare(self, entity: Entity) -> str:
        """Render the element that declares an entity's signals, and subscribe the page to it."""
        self.show(entity)
        entity_type = self._application.registry[entity.__entity__.cls]
        info = entity_type.cls.__entity__
        declared = entity_type.signals if entity_type.in_browser else info.declared_signals
        state = public_state(self._application.seen_now(entity))
        signals = signals_of(entity_type.signals, state, declared)
        values = script_json(nested(self.namespace(entity), signals))
        # A state restored by the browser is newer than the server's default.
        name = "data-signals__ifmissing" if entity_type.in_browser else "data-signals"
        return f"<div hidden {attribute(name, values)}></div>"

    def head(self, root_path: str, *, has_form: bool = False) -> str:
        """The script tags of every page; Datastar itself may be loaded from a CDN."""
        early = ["datastar.js", "editing.js"] if has_form else ["datastar.js"]
        urls = [self._assets[name] for name in early if name in self._assets]
        links = [f'<link rel="modulepreload" href="{root_path}{url}">' for url in urls]
        script = f'<script type="module" src="{root_path}{self._assets["starmodel.js"]}"></script>'
        return f"{''.join(links)}{script}"

    def body_end(self) -> str:
        """Notices and the element that opens the stream; "" in patched content."""
        page = current_page()
        if page is None or page.patch:
            return ""
        toasts = "".join(map(self._application.render_message, page.session.pop_toasts()))
        notices = (
            '<p id="starmodel-status" role="status" aria-live="polite"></p>'
            f'<div id="starmodel-toasts" {attribute("data-session", page.session.tag)} '
            f'role="log" aria-live="polite">{toasts}</div>'
            '<div id="starmodel-failure"></div>'
        )
        notices += self._texts.script + self._browser_states.describe(page)
        if not page.topics:
            return notices
        url = f"{page.root_path}{STREAM_PATH}?token={self._tokens.sign(page)}"
        start = attribute("data-init", f"@live('{url}')")
        build = attribute("data-build", self.build)
        return f'{notices}<div id="starmodel-live" hidden {build} {start}></div>'

    def grant(self) -> str:
        """The element that subscribes the open page to the topics of patched content."""
        context = current_context.get()
        page: Page | None = None if context is None else context.page
        if page is None or not page.topics:
            return ""
        add = attribute("data-init", f"@watch('{self._tokens.sign(page)}')")
        return f"<div hidden {add}></div>"

    def render_part(self, component: Any, root_path: str, area: Area | None = None) -> str:
        """Render a live view's component as HTML, outside any request."""
        with page_at(root_path, area):
            return self._render(component)

    # The stream

    async def stream_topics(self, query: str, session: Session) -> Topics:
        """The topics of the page's token and of the grants of patched content.

        Raises: AccessDeniedError, for a page of another visitor; RequestError.
        """
        if len(query) > MAX_QUERY_BYTES:
            raise RequestError(
                f"The address of a stream has {len(query)} bytes; expected at most "
                f"{MAX_QUERY_BYTES}.",
                status=414,
            )
        parameters = parse_qs(query)
        tokens = parameters.get("token", []) + parameters.get("grant", [])
        root_path, topics = self._tokens.read(tokens, session)
        digests = dict(item.rpartition(":")[::2] for item in parameters.get("have", ()))
        return await page_topics(
            self._application, root_path, topics, session, self.render_part, digests
        )

    def stream_opening(self) -> Sequence[DatastarPatch]:
        """The running build, and the heartbeat by which the page detects a dead connection."""
        return [open_stream(self.build, self._application.streams.heartbeat_s)]

    @property
    def root_path(self) -> str:
        return current_root_path()
