"""Encoders of change messages: signals, rendered live views, and list rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlencode

from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.frontends.datastar.expressions import attribute, script_json
from starmodel.adapters.frontends.datastar.pages import SlotTopic, page_at
from starmodel.adapters.frontends.datastar.patches import (
    DatastarPatch,
    patch_elements,
    patch_rows,
    patch_state,
    signals_of,
)
from starmodel.adapters.frontends.datastar.root_elements import live_part, selector_of
from starmodel.app.access.policy import Audience
from starmodel.app.commands.elements import Element
from starmodel.app.context import speaking
from starmodel.app.live.class_topics import ClassChanged
from starmodel.app.live.live_list import ListChanged, ListClosed
from starmodel.app.live.live_queries import LiveRecords
from starmodel.app.live.snapshots import snapshot_of
from starmodel.app.live.views import LiveView
from starmodel.app.ports.messages import Changed
from starmodel.app.presentation.areas import Area
from starmodel.app.presentation.frontend import ABSENT_ID
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import ListPages
from starmodel.app.queries.listing import Listing, Window, row_state
from starmodel.app.queries.record_keys import row_key
from starmodel.core.entity import Entity
from starmodel.core.snapshot import as_seen
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of_entity
from starmodel.texts.catalogue import ENGLISH, Catalogue
from starmodel.texts.language import Language

RenderPart = Callable[[Any, str, Area | None], str]
SLOTS_PATH = "/_starmodel/slots"
TITLES_PATH = "/_starmodel/titles"
_REMOVED = {"expired": "page.expired", "closed": "page.closed"}


@dataclass(frozen=True, slots=True)
class SignalsView:
    """Encodes an entity's signals under one namespace."""

    namespace: str
    names: tuple[str, ...]
    declared: frozenset[str] = frozenset()
    texts: Catalogue = field(default=ENGLISH, compare=False)
    language: Language | None = None

    def encode(self, message: Changed, *, full: bool) -> Sequence[DatastarPatch]:
        if message.state is None:
            with speaking(self.language):
                return [removed(message, self.texts)]
        names = self.names if full else [n for n in self.names if n in message.fields]
        if message.hidden:
            names = [name for name in names if name not in message.hidden]
        signals = signals_of(names, message.state, self.declared)
        if message.emptied:  # the page may have values of an earlier state
            signals |= {name: "" for name in self.names if name in message.emptied}
        version = f"{self.namespace or message.entity} {message.version}"
        patches = patch_state(self.namespace, signals, version=version)
        return [*patches, status("")] if message.kind == "reopened" else patches


@dataclass(frozen=True, slots=True)
class PartView:
    """Renders a live view from the message's public state alone."""

    view: LiveView
    root_path: str
    render: RenderPart
    area: Area | None = None
    language: Language | None = None

    def encode(self, message: Changed, *, full: bool) -> Sequence[DatastarPatch]:
        with speaking(self.language):
            return self._encode(message)

    def _encode(self, message: Changed) -> Sequence[DatastarPatch]:
        view = self.view
        if message.state is None:
            return () if view.gone is None else [self._content(view.gone, message.id)]
        entity = snapshot_of(view.entity, message.id, message.state, message.version)
        if entity.__entity__.guarded:
            entity = as_seen(entity, message.hidden)
        with page_at(self.root_path, self.area) if view.in_page else nullcontext():
            if view.gone is not None:
                return [self._content(view.render(entity), message.id)]
            part = live_part(view, entity)
        html = self.render(part.component, self.root_path, self.area)
        return [patch_elements(Element(html, part.selector, None, part.namespace))]

    def _content(self, component: Any, id: Any) -> DatastarPatch:
        """Patch the content of the view's elements, which may have left the page."""
        selector = f"{selector_of(self.view.name, id)}, #{ABSENT_ID}"
        html = self.render(component, self.root_path, self.area)
        return patch_elements(Element(html, selector, "inner"))


@dataclass(frozen=True, slots=True)
class QueryView:
    """Renders a live view from the records of a query; without read access from none."""

    view: LiveView
    listing: Listing
    root_path: str
    render: RenderPart
    area: Area | None = None
    texts: Catalogue = field(default=ENGLISH, compare=False)
    language: Language | None = None

    def encode(self, message: ListChanged | ListClosed, *, full: bool) -> Sequence[DatastarPatch]:
        with speaking(self.language):
            return self._encode(message)

    def _encode(self, message: ListChanged | ListClosed) -> Sequence[DatastarPatch]:
        if isinstance(message, ListClosed):
            if message.state is not None:
                return [status(self.texts.text("list.not_live"))]
            window = Window((), False)
        else:
            window = message.state
        records: LiveRecords[Any] = LiveRecords(self.view.entity, self.listing, window)
        with page_at(self.root_path, self.area):
            part = live_part(self.view, records)
            html = self.render(part.component, self.root_path, self.area)
        return [patch_elements(Element(html, part.selector, None, part.namespace))]


@dataclass(frozen=True, slots=True)
class RowsView:
    """Renders the rows of a list for one audience, and the controls around them."""

    listing: Listing
    audience: Audience
    root_path: str
    resource: MountedResource
    area: Area | None = None
    texts: Catalogue = field(default=ENGLISH, compare=False)
    language: Language | None = None

    def encode(self, message: ListChanged | ListClosed, *, full: bool) -> Sequence[DatastarPatch]:
        with speaking(self.language):
            return self._encode(message, full)

    def _encode(self, message: ListChanged | ListClosed, full: bool) -> Sequence[DatastarPatch]:
        if isinstance(message, ListClosed):
            return self._closed(message)
        listing, window = self.listing, message.state
        before = None if full else message.before
        sent = {} if before is None else {e.id: _shown(before, e) for e in before.entities}
        changed = [e for e in window.entities if sent.get(e.id) != _shown(window, e)]
        keys = [row_key(entity) for entity in window.entities]
        keeps_order = before is not None and keys == [row_key(e) for e in before.entities]
        ui: ListPages = self.resource.ui
        with page_at(self.root_path, self.area):
            rows = []
            if changed or not window.entities:
                rows = ui.list_rows(self.resource, listing, changed, self.audience, window.titles)
            controls = list(ui.list_controls(self.resource, listing, window))
            if before is not None:
                shown = ui.list_controls(self.resource, listing, before)
                controls = [part for part in controls if part not in shown]
        patch = patch_rows(
            rows_id(listing),
            window.digest,
            version=f"{listing.topic} {message.version}",
            rows="".join([row.html for row in rows]),
            order=None if keeps_order else keys or [row.key for row in rows],
        )
        patches = [patch, *map(patch_elements, controls)]
        if message.before is None and message.base:  # the notice of `_closed` is outdated
            patches.append(status(""))
        return patches

    def _closed(self, message: ListClosed) -> Sequence[DatastarPatch]:
        """The notice that the list is not live; without read access its rows are removed."""
        listing, things = self.listing, self.listing.entity_type.plural_title
        if message.state is not None:
            return [status(self.texts.text("list.not_live"))]
        with page_at(self.root_path, self.area):
            controls = self.resource.ui.list_controls(self.resource, listing, Window((), False))
        version = f"{listing.topic} {message.version}"
        rows = patch_rows(rows_id(listing), "closed", version=version, order=())
        notice = status(self.texts.text("list.closed", things=things))
        return [rows, *map(patch_elements, controls), notice]


def _shown(window: Window, entity: Entity) -> tuple[Any, ...]:
    """What the row of a record depends on."""
    return row_state(entity), window.titles.shown_with([entity])[0]


@dataclass(frozen=True, slots=True)
class SlotView:
    """Makes the page request a content of a slot again, with the rights of its visitor."""

    topic: SlotTopic
    root_path: str

    def encode(self, message: ClassChanged, *, full: bool) -> Sequence[DatastarPatch]:
        topic = self.topic
        query = {"content": topic.content, "entity": topic.subject, "area": topic.area}
        if topic.id != "":
            query["id"] = str(topic.id)
        query = {name: value for name, value in query.items() if value}
        url = f"{self.root_path}{SLOTS_PATH}?{urlencode({**query, 'change': message.version})}"
        request = attribute("data-init", f"@get({script_json(url)})")
        html = f'<div id="{escape(topic.content)}-refresh" hidden {request}></div>'
        return [patch_elements(Element(html))]


def removed(message: Changed, texts: Catalogue) -> DatastarPatch:
    """The notice of a deleted, expired or closed entity; form inputs stay unchanged."""
    key = _REMOVED.get(message.kind, "page.removed")
    return status(texts.text(key, entity=translated(title_of_entity(message.entity))))


def status(text: str) -> DatastarPatch:
    """The text of the page's status line; an empty one hides it."""
    html = f'<p id="starmodel-status" role="status">{escape(text, quote=False)}</p>'
    return patch_elements(Element(html))
