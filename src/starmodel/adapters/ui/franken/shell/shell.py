"""Complete pages, compiled once for each resource, mount point and set of readable resources."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any, TypeGuard

from fastcore.xml import Safe

from starmodel.adapters.ui.compiled import Slots, Template
from starmodel.adapters.ui.elements import Div, render
from starmodel.adapters.ui.franken.icons import notice
from starmodel.adapters.ui.franken.shell.headings import (
    RecordTitle,
    document_title,
    heading,
    heading_view,
)
from starmodel.adapters.ui.franken.shell.layout import (
    body,
    breadcrumb,
    html_head,
    who,
)
from starmodel.adapters.ui.franken.shell.page_assets import FORM, SLOT, has_other_classes
from starmodel.adapters.ui.franken.shell.start_cards import start_card
from starmodel.adapters.ui.franken.shell.welcome import welcome
from starmodel.adapters.ui.franken.slots import head_slot, slot
from starmodel.app.access.offers import may_create, offers
from starmodel.app.access.policy import Actor
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.navigation import Link, current_link, path_of
from starmodel.app.presentation.overviews import NO_OVERVIEWS, Overview
from starmodel.app.presentation.own_pages import OwnPage
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.slots import HEAD, Place
from starmodel.app.presentation.ui import Services
from starmodel.core.entity import Entity
from starmodel.core.values.bounded_cache import MB, cached
from starmodel.texts.catalogue import Catalogue

Navigation = Callable[
    [
        Sequence[MountedResource],
        Link | None,
        Sequence[NavEntry],
        Collection[MountedResource],
    ],
    Any,
]


class Shell:
    """Renders pages and the start page.

    Shapes: navigation renders the links of a page; record_title is the title of a record;
    has_skin is True when parts of the adapter are replaced.
    """

    def __init__(
        self,
        services: Services,
        resources: Sequence[MountedResource],
        navigation: Navigation,
        record_title: RecordTitle,
        *,
        has_skin: bool = False,
    ) -> None:
        self._services, self._navigation, self._has_skin = services, navigation, has_skin
        self._headings = {
            resource: heading_view(resource, services.site.title, record_title)
            for resource in resources
            if resource.entity_type.is_record
        }
        for view in self._headings.values():
            services.register_view(view)
        # Keys include mount paths, so the caches are bounded in bytes.
        self._template = cached(2 * MB)(self._make_template)
        self._breadcrumb = cached(MB)(self._make_breadcrumb)
        self._who = cached(MB)(self._make_who)

    def page(
        self,
        title: str,
        content: Sequence[Any],
        actor: Actor | None,
        resource: MountedResource | None,
        actions: Any,
        subject: Entity | None,
        own: OwnPage | None = None,
        own_head: str = "",
    ) -> str:
        """A complete page; see `PageShell.page`."""
        services = self._services
        frontend, root_path = services.frontend, services.frontend.root_path
        entries = tuple(
            [_translated(entry, services.texts) for entry in services.extensions.nav_for(actor)]
        )
        readable = self._readable(actor)
        creatable = tuple([each for each in readable if _offers_new(each, actor)])
        # Rendering collects the page's topics: first the content, then the heading, then the tail.
        entity_type = None if resource is None else resource.entity_type
        head = head_slot(services, Place(HEAD, actor, entity_type, subject))
        top = slot(services, Place("page.top", actor, entity_type, subject))
        account = slot(services, Place("page.account", actor, entity_type, subject))
        inside = render((*top, *content))
        if resource is not None and subject is not None and resource in self._headings:
            frontend.show(subject, self._headings[resource].name)
        if own is not None:
            current: Link | None = current_link(own.path, readable, entries)
            is_below = current is not None and path_of(current) != own.path
            shown = render(Div(heading(title), cls="sm-heading")) if own.heading else ""
        else:
            current = resource
            is_below = _has_list(resource) and title != resource.entity_type.plural_title
            shown = title
        name = str(actor) if actor else ""
        account_part = render(tuple(account)) if account else self._who(root_path, name)
        # Content that a live part of the application's own page patches in may have any class.
        is_foreign = own is not None or self._is_foreign(resource, f"{account_part}{inside}")
        template = self._template(
            root_path, readable, current, entries, creatable, own, is_foreign, FORM in inside
        )
        return template.fill(
            {
                "title": document_title(title, services.site.title),
                "head": head + own_head,
                "heading": shown,
                "account": account_part,
                "breadcrumb": self._breadcrumb(root_path, current) if is_below else "",
                "actions": render(actions) if actions is not None else "",
                "content": inside,
                "tail": frontend.body_end(),
            }
        )

    def start(
        self, actor: Actor | None, overviews: Mapping[MountedResource, Overview] = NO_OVERVIEWS
    ) -> Any:
        """The content of the start page: a card for each resource that the actor may read."""
        services, resources = self._services, self._readable(actor)
        texts = services.texts
        tiles = slot(services, Place("start.tiles", actor))
        if not (resources or tiles):
            return notice(
                "info", services.icons_url, texts.text("page.nothing"),
                texts.text("page.nothing_hint"),
            )  # fmt: skip
        cards = [
            start_card(services, resource, actor, overviews.get(resource)) for resource in resources
        ]
        creatable = [each for each in resources if each in overviews and _offers_new(each, actor)]
        return (
            welcome(services, creatable, overviews),
            Div(*cards, cls="sm-cards"),
            Div(*tiles, cls="sm-tiles") if tiles else None,
        )

    def _readable(self, actor: Actor | None) -> tuple[MountedResource, ...]:
        """The resources of the current area that the actor may read."""
        area = self._services.areas.current
        return tuple(
            [
                resource
                for resource in area.pages
                if (actor is not None or resource.entity_type.scope != "user")
                and offers(area.policy, resource.entity_type, actor)
            ]
        )

    def _is_foreign(self, resource: MountedResource | None, html: str) -> bool:
        """Whether the page has classes that only the whole style sheet has."""
        if resource is not None and not self._has_skin and SLOT not in html:
            return False  # the classes of lists and records are ours
        return has_other_classes(html, self._services.site.styled_classes())

    def _make_template(
        self,
        root_path: str,
        readable: Sequence[MountedResource],
        current: Link | None,
        entries: Sequence[NavEntry],
        creatable: Sequence[MountedResource],
        own: OwnPage | None,
        is_foreign: bool,
        has_form: bool,
    ) -> Template:
        services, s = self._services, Slots()
        resource = None if own is not None or isinstance(current, NavEntry) else current
        head = html_head(services, resource, s, own, whole=is_foreign)
        head += services.frontend.head(root_path, has_form=has_form)
        navigation = self._navigation(readable, current, entries, creatable)
        has_breadcrumb = own is not None or _has_list(resource)
        inside = render(
            body(
                services, navigation, s, has_breadcrumb=has_breadcrumb, is_own=own is not None
            )
        )  # fmt: skip
        attributes = f'{_language_of(services)} class="{services.site.html_class}"'
        html = f"<html {attributes}><head>{head}</head>{inside}</html>"
        return Template(Safe(f"<!doctype html>{html}"))

    def _make_who(self, root_path: str, name: str) -> str:
        return render(who(self._services, name))

    def _make_breadcrumb(self, root_path: str, link: Link) -> str:
        return breadcrumb(self._services, link)


def _translated(entry: NavEntry, texts: Catalogue) -> NavEntry:
    """The entry with its title in the words of the application."""
    title = entry.title
    shown = texts.render(title)
    return entry if shown is title else replace(entry, title=shown)


def _language_of(services: Services) -> str:
    """The attributes of <html> that say in which language, and direction, the page is.

    With `data-formats` the server has written numbers and dates in that language.
    """
    if services.language is None:
        return f'lang="{escape(services.texts.text("page.language"))}"'
    language = services.language
    return f'lang="{escape(language.code)}" dir="{language.direction}" data-formats'


def _offers_new(resource: MountedResource, actor: Actor | None) -> bool:
    return "new" in resource.pages and may_create(resource.policy, resource.entity_type, actor)


def _has_list(resource: MountedResource | None) -> TypeGuard[MountedResource]:
    return resource is not None and resource.entity_type.is_record and "list" in resource.pages
