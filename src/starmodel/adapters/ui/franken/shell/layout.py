"""The page template around the content: head, navigation and heading."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import (
    A,
    Aside,
    Body,
    Button,
    Div,
    Form,
    Header,
    Li,
    Main,
    Meta,
    Nav,
    P,
    Span,
    Title,
    Ul,
    render,
)  # fmt: skip
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.shell.entity_icons import icon_of
from starmodel.adapters.ui.franken.shell.headings import TITLE_ID, heading
from starmodel.adapters.ui.franken.shell.search import search_button, search_form
from starmodel.adapters.ui.titles import first_line
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.navigation import Link
from starmodel.app.presentation.own_pages import OwnPage
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.core.classes.registry import EntityType
from starmodel.texts.catalogue import Catalogue

LANGUAGE_PATH = "/_starmodel/language"


def list_heading(entity_type: EntityType) -> str:
    """The navigation label of a class: plural for records, singular for other types."""
    return entity_type.plural_title if entity_type.is_record else entity_type.title


def html_head(
    services: Services,
    current: MountedResource | None,
    s: Slots,
    own: OwnPage | None = None,
    *,
    whole: bool = False,
) -> str:
    """The shared head of all pages, then title, description and contents of this one.

    With `whole`, the style sheet has the classes of every component.
    """
    about = first_line(own.function) if own is not None else ""
    described = Meta(name="description", content=about or description_of(services, current))
    return services.site.head(services.frontend.root_path, whole=whole) + render(
        (Title(s.text("title"), id=TITLE_ID), described, Safe(s.html("head")))
    )


def description_of(services: Services, current: MountedResource | None) -> str:
    """The meta description: the first docstring line of the class, or its title."""
    if current is None:
        return services.site.title
    entity_type = current.entity_type
    return first_line(entity_type.cls) or services.texts.text(
        "page.described", things=list_heading(entity_type), site=services.site.title
    )


def body(
    services: Services, navigation: Any, s: Slots, *, has_breadcrumb: bool, is_own: bool = False
) -> Any:
    """The body component with slots for breadcrumb, heading, actions, content and tail.

    Shapes: is_own is True for the application's own content, whose plain elements get a style;
    the slot "heading" has the whole heading there.
    """
    site, texts, icons_url = services.site, services.texts, services.icons_url
    brand = A(
        Span(site.title[:1].upper(), cls="sm-mark", aria_hidden="true"), Span(site.title),
        href=f"{services.frontend.root_path}/", cls="sm-brand",
    )  # fmt: skip
    skip = A(texts.text("page.skip"), href="#content", cls="sm-skip")
    bar = Header(
        Button(
            icon("menu", icons_url), Span(texts.text("page.menu"), cls="sm-hidden"), type="button",
            popovertarget="starmodel-nav", cls="uk-btn uk-btn-ghost uk-btn-icon",
        ),
        brand, search_button(services), _theme_button(icons_url, texts), cls="sm-bar",
    )  # fmt: skip
    side = Aside(
        Div(brand, cls="sm-side-head"),
        search_form(services),
        Nav(navigation, aria_label=texts.text("page.navigation")),
        language_menu(services),
        Div(Safe(s.html("account")), _theme_button(icons_url, texts), cls="sm-side-end"),
        id="starmodel-nav", popover="auto", cls="sm-side",
    )  # fmt: skip
    main = Main(
        Safe(s.html("breadcrumb")) if has_breadcrumb else None,
        Safe(s.html("heading")) if is_own else
        Div(heading(s.text("heading")), Safe(s.html("actions")), cls="sm-heading"),
        Div(Safe(s.html("content")), cls="own-page") if is_own else Safe(s.html("content")),
        id="content", tabindex="-1",
    )  # fmt: skip
    return Body(skip, bar, side, main, Safe(s.html("tail")), cls="sm-page")


def language_menu(services: Services) -> Any:
    """The buttons by which visitors choose their language; None for one language.

    Each name is in its own language, so that whoever reads it finds it.
    """
    languages = services.languages
    if languages is None or len(languages) < 2:
        return None
    buttons = [
        Button(
            each.name, type="submit", name="language", value=each.code, lang=each.code,
            dir=each.direction, aria_current="true" if each is services.language else None,
            cls="uk-btn uk-btn-ghost uk-btn-xs",
        )
        for each in languages
    ]  # fmt: skip
    return Form(
        *buttons, method="post", action=services.mounted(LANGUAGE_PATH), role="group",
        aria_label=services.texts.text("page.languages"), cls="sm-languages",
    )  # fmt: skip


def who(services: Services, name: str) -> Any:
    """The name of the signed-in user, "" for a guest, where no plugin has content for it."""
    shown = name or services.texts.text("page.visitor")
    return P(icon("user", services.icons_url), Span(shown), cls="sm-who")


def breadcrumb(services: Services, link: Link) -> str:
    """The breadcrumb link to the list, or to the page, that a page is below."""
    back = icon("left", services.icons_url)
    if isinstance(link, NavEntry):
        return render(A(back, link.title, href=services.mounted(link.path), cls="sm-crumb"))
    title = link.entity_type.plural_title
    return render(A(back, title, href=services.url_for(link, "list"), cls="sm-crumb"))


def navigation_links(
    services: Services,
    resources: Sequence[MountedResource],
    current: Link | None,
    entries: Sequence[NavEntry],
    creatable: Collection[MountedResource] = (),
) -> Any:
    """The navigation links by group, with aria-current on the one of this page."""
    parts: list[Any] = []
    for number, group in enumerate(services.navigation.groups(resources, entries)):
        links = [_link(services, link, current, creatable) for link in group.links]
        if group.title:
            id = f"starmodel-nav-{number}"
            parts.append(P(services.texts.render(group.title), id=id))
            parts.append(Ul(*links, aria_labelledby=id))
        else:
            parts.append(Ul(*links))
    return tuple(parts)


def _link(
    services: Services, link: Link, current: Link | None, creatable: Collection[MountedResource]
) -> Any:
    is_current = "page" if link == current else None
    if isinstance(link, NavEntry):
        picture = icon(link.icon or "right", services.icons_url)
        url = services.mounted(link.path)
        return Li(A(picture, Span(link.title), href=url, aria_current=is_current))
    picture = icon(icon_of(link.entity_type), services.icons_url)
    label, url = Span(list_heading(link.entity_type)), services.url_for(link, "list")
    create = _create_link(services, link) if link in creatable else None
    return Li(A(picture, label, href=url, aria_current=is_current), create)


def _create_link(services: Services, resource: MountedResource) -> Any:
    """The link to the form for a new record, visible at the pointer and by focus."""
    label = services.texts.text("page.create", title=resource.entity_type.title)
    return A(
        icon("plus", services.icons_url), href=services.url_for(resource, "new"),
        aria_label=label, title=label, cls="sm-side-new",
    )  # fmt: skip


def _theme_button(icons_url: str, texts: Catalogue) -> Any:
    label = Span(texts.text("page.theme"), cls="sm-hidden")
    return Button(
        icon("moon", icons_url), icon("sun", icons_url), label, {"data-theme-switch": True},
        type="button", cls="uk-btn uk-btn-ghost uk-btn-icon uk-btn-sm sm-theme",
    )  # fmt: skip
