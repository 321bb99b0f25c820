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
from starmodel.adapters.ui.titles import first_line
from starmodel.app.access.policy import Actor
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.core.classes.registry import EntityType
from starmodel.texts.catalogue import Catalogue

LANGUAGE_PATH = "/_starmodel/language"


def list_heading(entity_type: EntityType) -> str:
    """The navigation label of a class: plural for records, singular for other types."""
    return entity_type.plural_title if entity_type.is_record else entity_type.title


def html_head(
    services: Services, current: MountedResource | None, s: Slots, *, whole: bool = False
) -> str:
    """The shared head of all pages, then title, description and contents of this one.

    With `whole`, the style sheet has the classes of every component.
    """
    described = Meta(name="description", content=description_of(services, current))
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


def body(services: Services, navigation: Any, s: Slots, *, has_breadcrumb: bool) -> Any:
    """The body component with slots for breadcrumb, heading, actions, content and tail."""
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
        brand, _theme_button(icons_url, texts), cls="sm-bar",
    )  # fmt: skip
    side = Aside(
        Div(brand, cls="sm-side-head"),
        Nav(navigation, aria_label=texts.text("page.navigation")),
        language_menu(services),
        Div(Safe(s.html("account")), _theme_button(icons_url, texts), cls="sm-side-end"),
        id="starmodel-nav", popover="auto", cls="sm-side",
    )  # fmt: skip
    main = Main(
        Safe(s.html("breadcrumb")) if has_breadcrumb else None,
        Div(heading(s.text("heading")), Safe(s.html("actions")), cls="sm-heading"),
        Safe(s.html("content")), id="content", tabindex="-1",
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


def who(services: Services, actor: Actor | None) -> Any:
    """The name of the signed-in user, where no plugin has content for it."""
    name = str(actor) if actor else services.texts.text("page.visitor")
    return P(icon("user", services.icons_url), Span(name), cls="sm-who")


def breadcrumb(services: Services, resource: MountedResource) -> str:
    """The breadcrumb link from a record to its list."""
    return render(
        A(
            icon("left", services.icons_url), resource.entity_type.plural_title,
            href=services.url_for(resource, "list"), cls="sm-crumb",
        )
    )  # fmt: skip


def navigation_links(
    services: Services,
    resources: Sequence[MountedResource],
    current: MountedResource | None,
    entries: Sequence[NavEntry],
    creatable: Collection[MountedResource] = (),
) -> Any:
    """The navigation links, with aria-current on the resource of this page."""
    items = []
    for resource in resources:
        entity_type = resource.entity_type
        label = (icon(icon_of(entity_type), services.icons_url), list_heading(entity_type))
        items.append(
            Li(
                A(
                    label[0], Span(label[1]), href=services.url_for(resource, "list"),
                    aria_current="page" if resource is current else None,
                ),
                _create_link(services, resource) if resource in creatable else None,
            )
        )  # fmt: skip
    for entry in entries:
        picture = icon(entry.icon or "right", services.icons_url)
        items.append(Li(A(picture, Span(entry.title), href=services.mounted(entry.path))))
    return Ul(*items)


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
