"""The realtime port for Datastar: page scripts, event replies and the stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.frontends.datastar.elements import element_of
from starmodel.adapters.frontends.datastar.pages import Page, Tokens, current_page, page_at
from starmodel.adapters.frontends.datastar.root_elements import live_part
from starmodel.adapters.frontends.datastar.sse import SseStreams
from starmodel.adapters.frontends.datastar.states import BrowserStates
from starmodel.adapters.frontends.datastar.wire import (
    attribute,
    declared_signals,
    extra_signals,
    form_action,
    nested,
    patch_elements,
    patch_signals,
    patch_state,
    render_action,
    script_json,
    signals_of,
)
from starmodel.app.application import Application
from starmodel.app.commands.command import Outcome
from starmodel.app.commands.elements import Element
from starmodel.app.commands.redirects import sent_as
from starmodel.app.commands.replies import NO_REPLY, Reply
from starmodel.app.context import current_context
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.areas import Area
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import Listing
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import Action
from starmodel.core.definition.info import signal_prefix
from starmodel.core.entity import Entity
from starmodel.core.events import Event, EventInfo
from starmodel.core.events.results import Progress, Toast
from starmodel.core.public_state import public_state

STREAM_PATH = "/_starmodel/stream"


class DatastarRealtime:
    """The Datastar adapter of one application.

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
        heartbeat_s: float = 15.0,
    ) -> None:
        self._application, self._assets, self._render = application, assets, render
        self._default_method, self._tokens = default_method, Tokens(secrets)
        self.build = assets.get("build", "")
        self.streams = SseStreams(
            application, self._tokens, self.render_part, build=self.build, heartbeat_s=heartbeat_s
        )
        self._states = BrowserStates(application, self._tokens, self.render_part)

    # Pages

    def show(self, entity: Entity, view: str = "") -> str:
        """Subscribe the current page to the entity; no effect outside a page."""
        page = current_page()
        if page is None:
            return ""
        entity_type = self._application.registry[entity.__entity__.cls]
        page.show(entity_type, entity, view)
        return self._states.veil(entity_type) if view and not page.patch else ""

    def live_part(self, view: LiveView, entity: Entity) -> Any:
        return live_part(view, entity).component

    def element_of(self, html: str, info: EventInfo, where: str) -> Element:
        return element_of(html, info, where)

    def show_list(self, listing: Listing) -> None:
        """Subscribe the current page to the list; no effect outside a page."""
        page = current_page()
        if page is not None:
            page.show_list(listing)

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
        declared = entity_type.signals if entity_type.in_browser else declared_signals(entity_type)
        signals = signals_of(entity_type.signals, public_state(entity), declared)
        values = script_json(nested(self.namespace(entity), signals))
        # A state restored by the browser is newer than the server's default.
        name = "data-signals__ifmissing" if entity_type.in_browser else "data-signals"
        return f"<div hidden {attribute(name, values)}></div>"

    def head(self, root_path: str) -> str:
        """The script tags of every page; Datastar itself may be loaded from a CDN."""
        own = f'<script type="module" src="{root_path}{self._assets["starmodel.js"]}"></script>'
        if "datastar.js" not in self._assets:
            return own
        return f'<link rel="modulepreload" href="{root_path}{self._assets["datastar.js"]}">{own}'

    def tail(self) -> str:
        """The end of a page's body: notices and the stream element; "" in patched content."""
        page = current_page()
        if page is None or page.patch:
            return ""
        said = "".join(map(self._application.render_message, page.session.pop_toasts()))
        notices = (
            '<p id="starmodel-status" role="status" aria-live="polite"></p>'
            f'<div id="starmodel-toasts" {attribute("data-session", page.session.tag)} '
            f'role="log" aria-live="polite">{said}</div>'
            '<div id="starmodel-failure"></div>'
        )
        notices += self._states.describe(page)
        if not page.shown:
            return notices
        url = f"{page.root_path}{STREAM_PATH}?token={self._tokens.sign(page)}"
        start = attribute("data-init", f"@live('{url}')")
        build = attribute("data-build", self.build)
        return f'{notices}<div id="starmodel-live" hidden {build} {start}></div>'

    def grant(self) -> str:
        """The element that subscribes the open page to the topics of patched content."""
        context = current_context.get()
        page: Page | None = None if context is None else context.page
        if page is None or not page.shown:
            return ""
        add = attribute("data-init", f"@watch('{self._tokens.sign(page)}')")
        return f"<div hidden {add}></div>"

    def render_part(self, component: Any, root_path: str, area: Area | None = None) -> str:
        """Render a live view's component as HTML, outside any request."""
        with page_at(root_path, area):
            return self._render(component)

    # The stream

    async def serve_stream(self, scope: Any, receive: Any, send: Any, session: Session) -> None:
        """Serve the one stream of a page."""
        await self.streams.serve(scope, receive, send, session)

    async def close(self) -> None:
        """End every stream; pages reconnect automatically."""
        await self.streams.close()

    # Actions

    def render_action(self, resource: MountedResource, action: Action) -> str:
        """The Datastar expression of an action on the current page."""
        entity_type = resource.entity_type
        event = entity_type.events[action.event]
        binder = self._application.dispatcher.binders[entity_type.cls, event.name]
        names = [p.name for p in binder.public_parameters] if not binder.takes_fields else []
        if not entity_type.in_browser:  # a browser store sends its signals with its state
            names += [f"{signal_prefix(entity_type.cls)}{name}" for name in entity_type.synced]
        method = binder.method(self._default_method)
        root_path = self.root_path
        return render_action(
            resource, event, action, names, method, root_path, binder.browser_stores,
            self._application.texts,
        )  # fmt: skip

    def form_action(
        self, resource: MountedResource, event: Event[Any, Any, Any], id: Any = None
    ) -> str:
        """The Datastar expression that submits a generated form."""
        binder = self._application.dispatcher.binders[resource.entity_type.cls, event.name]
        return form_action(
            resource, event, id, self.root_path, binder.browser_stores, self._application.texts
        )

    def bulk_action(self, resource: MountedResource) -> str:
        """The Datastar expression that submits a bulk event for the selected rows."""
        url = resource.url_for("bulk", root_path=self.root_path)
        return f"@ask() && @post('{url}', @submit())"

    @property
    def root_path(self) -> str:
        context = current_context.get()
        return "" if context is None else context.root_path or ""

    # Replies

    def encode_reply(self, entity_type: EntityType, outcome: Outcome, *, has_page: bool) -> bytes:
        """Encode the reply to an event: the patches for its caller alone.

        Includes the entity's signals when the caller's page has no stream that
        publishes them.
        """
        reply, told = outcome.reply, not outcome.stored or not (has_page or entity_type.in_browser)
        namespace, version = entity_type.cls.__entity__.namespace, ""
        if outcome.stored and outcome.entity is not None and not entity_type.in_browser:
            version = f"{namespace or entity_type.name} {outcome.version}"
        signals = reply.signals and extra_signals(reply.signals)
        first = patch_signals(signals, status=200, made=version)
        context = current_context.get()
        grant = self.grant() if context is not None and context.page is not None else ""
        if not (told or grant) and (reply is NO_REPLY or reply.is_empty):
            return first
        parts = [first]
        if told and outcome.entity is not None and not entity_type.is_record:
            state = signals_of(
                entity_type.signals, public_state(outcome.entity), declared_signals(entity_type)
            )
            parts.append(patch_state(namespace, state, version=version))
        if grant:
            parts.append(patch_elements(Element(grant, "body", "append")))
        if not reply.is_empty:
            parts.append(self.encode_effects(reply))
        return b"".join(parts)

    def encode_states(self, session: Session) -> bytes:
        """Encode the browser states that this request changed, to store and to render."""
        return self._states.encode(session)

    async def encode_shown(self, session: Session) -> bytes:
        """Encode the page's patches for the browser states in this request."""
        return await self._states.encode_shown(session)

    def encode_effects(self, reply: Reply, *, status: int | None = None) -> bytes:
        """Encode elements, toasts and a redirect as patches, after the status for a form."""
        parts = [] if status is None else [patch_signals({}, status=status)]
        parts += [patch_elements(element) for element in reply.elements]
        parts += [self.toast(toast) for toast in reply.toasts]
        if reply.redirect is not None:
            go = f"window.location = {script_json(sent_as(reply.redirect))}"
            html = f"<div hidden {attribute('data-init', go)}></div>"
            parts.append(patch_elements(Element(html, "body", "append"), leaves=True))
        return b"".join(parts)

    def encode_progress(self, id: str, progress: Progress | None, *, first: bool) -> bytes:
        """Encode a command's progress bar among the toasts; None removes it."""
        place = f"starmodel-progress-{id}"
        if progress is None:
            return patch_elements(Element("", f"#{place}", "remove"))
        html = self._application.render_message(progress, place)
        where = ("#starmodel-toasts", "append") if first else (None, None)
        return patch_elements(Element(html, *where))

    def encode_error(self, status: int, text: str, elements: Sequence[Element] = ()) -> bytes:
        """Encode the response to a rejected event: validation errors beside fields, and a toast."""
        parts = [patch_signals({}, status=status), *map(patch_elements, elements)]
        if text:
            parts.append(self.toast(Toast(text, "error")))
        return b"".join(parts)

    def encode_stale(self, status: int) -> bytes:
        """Encode the patch that makes a page of an ended session notify its visitor and reload."""
        html = f"<div hidden {attribute('data-init', '@stale()')}></div>"
        return patch_signals({}, status=status) + patch_elements(Element(html, "body", "append"))

    def toast(self, toast: Toast) -> bytes:
        """Encode the patch that appends a toast."""
        html = self._application.render_message(toast)
        return patch_elements(Element(html, "#starmodel-toasts", "append"))
