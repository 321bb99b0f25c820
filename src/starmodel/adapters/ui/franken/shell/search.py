"""The search over all classes: its input in the shell, and its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starmodel.adapters.ui.elements import (
    H2,
    A,
    Button,
    Div,
    Form,
    Input,
    Label,
    Li,
    P,
    Section,
    Span,
    Ul,
)
from starmodel.adapters.ui.franken.forms.chosen_records import choices_of
from starmodel.adapters.ui.franken.icons import icon, notice
from starmodel.adapters.ui.franken.shell.entity_icons import icon_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.searching import FoundGroup
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.searching import SearchMatches

PATH = "/_starmodel/crud/search"


def search_form(services: Services) -> Any:
    """The search in the side bar; without JavaScript it opens the page of results."""
    texts = services.texts
    label = texts.text("find.label")
    return Form(
        Label(
            icon("search", services.icons_url), Span(label, cls="sm-hidden"),
            Input(
                {"data-find": True}, type="search", name="q",
                placeholder=label, autocomplete="off", maxlength="200", aria_keyshortcuts="/",
            ),
            Span("/", cls="sm-key", aria_hidden="true"),
        ),
        role="search", action=services.mounted(PATH), method="get", cls="sm-find",
    )  # fmt: skip


def search_button(services: Services) -> Any:
    """The link to the page of the search, where the side bar is closed."""
    label = Span(services.texts.text("find.label"), cls="sm-hidden")
    return A(
        icon("search", services.icons_url), label, {"data-find-open": True},
        href=services.mounted(PATH), cls="uk-btn uk-btn-ghost uk-btn-icon sm-find-open",
    )  # fmt: skip


def found_group(
    services: Services, resource: MountedResource, matches: SearchMatches, words: str
) -> FoundGroup:
    """The matches of a class as links."""
    entity_type = resource.entity_type
    key = "find.all_more" if matches.has_more else "find.all"
    names = {"title": entity_type.title, "things": entity_type.plural_title}
    url = f"{services.url_for(resource, 'list')}?{urlencode({'search': words})}"
    return FoundGroup(
        entity_type.plural_title, icon_of(entity_type),
        choices_of(services, resource, matches.entities),
        services.texts.text(key, count=matches.count, **names), url,
    )  # fmt: skip


def search_page(services: Services, words: str, found: Sequence[FoundGroup]) -> Any:
    """The page of results, with the search above them."""
    texts, form = services.texts, search_input(services, words)
    if not found:
        key = "find.none" if words else "find.hint"
        return form, notice("search", services.icons_url, texts.text(key))
    return form, Div(*[_group(services, group) for group in found], cls="sm-found")


def search_input(services: Services, words: str) -> Any:
    """A search in the content of a page."""
    texts = services.texts
    return Form(
        Label(
            Span(texts.text("find.label"), cls="sm-hidden"),
            Input(
                type="search", name="q", value=words, maxlength="200",
                placeholder=texts.text("find.label"), cls="uk-input",
            ),
        ),
        Button(texts.text("find.submit"), cls="uk-btn uk-btn-default"),
        role="search", action=services.mounted(PATH), method="get", cls="sm-find-page",
        aria_label=texts.text("find.content"),
    )  # fmt: skip


def _group(services: Services, group: FoundGroup) -> Any:
    links = [
        Li(
            A(
                Span(each.title, dir="auto"),
                Span(each.detail, cls="sm-muted", dir="auto") if each.detail else None,
                href=each.url,
            )
        )
        for each in group.choices
    ]
    return Section(
        H2(icon(group.icon, services.icons_url), group.title),
        Ul(*links, cls="sm-newest"),
        P(A(group.all_text, href=group.all_url)), cls="uk-card sm-details",
    )  # fmt: skip
