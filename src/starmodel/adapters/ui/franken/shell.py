"""The page template around the content: head, navigation and heading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import (
    A,
    Aside,
    Body,
    Button,
    Div,
    Header,
    Li,
    Main,
    Meta,
    Nav,
    P,
    Span,
    Title,
    Ul,
)  # fmt: skip
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.records.headings import TITLE_ID, heading
from starmodel.app.presentation.ui import Site
from starmodel.core.classes.registry import EntityType
from starmodel.texts.catalogue import Catalogue

ICONS = {"record": "rows", "app": "globe", "user": "user", "session": "one"}


def heading_of(entity_type: EntityType) -> str:
    """The navigation label of a class: plural for records, singular for other types."""
    return entity_type.plural_title if entity_type.is_record else entity_type.title


def html_head(site: Site, root_path: str, at: EntityType | None, s: Slots, texts: Catalogue) -> str:
    """The shared head of all pages, then the title and description of this one."""
    described = Meta(name="description", content=description_of(site, at, texts))
    return site.head(root_path) + str(
        to_xml((Title(s.text("title"), id=TITLE_ID), described), indent=False)
    )


def description_of(site: Site, at: EntityType | None, texts: Catalogue) -> str:
    """The meta description: the first docstring line of the class, or its title."""
    if at is None:
        return site.title
    return first_line(at.cls) or texts.text(
        "page.described", things=heading_of(at), site=site.title
    )


def first_line(thing: Any) -> str:
    """The first docstring line of a class or function, not inherited; "" for none."""
    doc = (thing.__dict__.get("__doc__") if isinstance(thing, type) else thing.__doc__) or ""
    return str(doc).strip().partition("\n")[0]


def body(
    site: Site,
    root_path: str,
    nav: Any,
    at: EntityType | None,
    s: Slots,
    texts: Catalogue,
) -> Any:
    """The body component with slots for heading, lead, content and tail."""
    sprite = f"{root_path}{site.icons}"
    start = f"{root_path}/"
    brand = A(
        Span(site.title[:1].upper(), cls="sm-mark", aria_hidden="true"), Span(site.title),
        href=start, cls="sm-brand",
    )  # fmt: skip
    skip = A(texts.text("page.skip"), href="#content", cls="sm-skip")
    bar = Header(
        Button(
            icon("menu", sprite), Span(texts.text("page.menu"), cls="sm-hidden"), type="button",
            popovertarget="starmodel-nav", cls="uk-btn uk-btn-ghost uk-btn-icon",
        ),
        brand, _theme_button(sprite, texts), cls="sm-bar",
    )  # fmt: skip
    who = P(icon("user", sprite), Span(s.text("actor")), cls="sm-who")
    side = Aside(
        Div(brand, cls="sm-side-head"),
        Nav(nav, aria_label=texts.text("page.navigation")),
        Div(who, _theme_button(sprite, texts), cls="sm-side-end"),
        id="starmodel-nav", popover="auto", cls="sm-side",
    )  # fmt: skip
    crumb = None
    if at is not None and at.is_record:
        crumb = Safe(s.html("crumb"))
    main = Main(
        crumb,
        Div(heading(s.text("heading")), Safe(s.html("lead")), cls="sm-heading"),
        Safe(s.html("content")), id="content", tabindex="-1",
    )  # fmt: skip
    return Body(skip, bar, side, main, Safe(s.html("tail")), cls="sm-page")


def crumb(entity_type: EntityType, root_path: str, sprite: str) -> str:
    """The breadcrumb link from a record to its list."""
    link = A(
        icon("left", sprite),
        entity_type.plural_title,
        href=f"{root_path}{entity_type.path}",
        cls="sm-crumb",
    )
    return str(to_xml(link, indent=False))


def links(types: Sequence[EntityType], at: EntityType | None, root_path: str, sprite: str) -> Any:
    """The navigation links, with aria-current on the class of this page."""
    made = []
    for entity_type in types:
        here = "page" if at is not None and at.cls is entity_type.cls else None
        inside = (icon(ICONS[entity_type.scope], sprite), Span(heading_of(entity_type)))
        made.append(Li(A(*inside, href=f"{root_path}{entity_type.path}", aria_current=here)))
    return Ul(*made)


def _theme_button(sprite: str, texts: Catalogue) -> Any:
    told = Span(texts.text("page.theme"), cls="sm-hidden")
    return Button(
        icon("moon", sprite), icon("sun", sprite), told, {"data-theme-switch": True},
        type="button", cls="uk-btn uk-btn-ghost uk-btn-icon uk-btn-sm sm-theme",
    )  # fmt: skip
