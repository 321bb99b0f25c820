"""The cards of the start page: one for each class, with its newest records."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import A, Div, Li, Span, Ul
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.shell.entity_icons import icon_of
from starmodel.adapters.ui.franken.shell.layout import list_heading
from starmodel.adapters.ui.titles import first_line, title_field
from starmodel.app.access.offers import may_create
from starmodel.app.access.policy import Actor
from starmodel.app.presentation.overviews import Overview
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services


def start_card(
    services: Services, resource: MountedResource, actor: Actor | None, overview: Overview | None
) -> Any:
    """The title with the number of records, the newest ones, and a link to create one."""
    entity_type, texts = resource.entity_type, services.texts
    about = first_line(entity_type.cls)
    counted = newest = new = None
    if overview is not None:
        names = {"title": entity_type.title, "things": entity_type.plural_title}
        if overview.count is not None:
            key = "count.more" if overview.has_more else "start.count"
            counted = Span(texts.text(key, count=overview.count, **names), cls="sm-muted")
        ui = resource.ui
        links = [
            Li(
                A(
                    ui.record_title(resource, entity), dir="auto",
                    href=services.url_for(resource, "record", entity.id),
                )
            )
            for entity in (overview.newest if title_field(entity_type) else ())
        ]  # fmt: skip
        newest = Ul(*links, aria_label=texts.text("start.newest", **names), cls="sm-newest")
        newest = newest if links else None
    if "new" in resource.pages and may_create(resource.policy, entity_type, actor):
        new = A(
            icon("plus", services.icons_url), texts.text("start.new", title=entity_type.title),
            href=services.url_for(resource, "new"), cls="uk-btn uk-btn-default uk-btn-sm",
        )  # fmt: skip
    title = A(
        list_heading(entity_type), href=services.url_for(resource, "list"), cls="sm-card-title"
    )
    picture = Div(icon(icon_of(entity_type), services.icons_url), cls="sm-card-icon")
    return Div(
        Div(picture, Div(title, counted), cls="sm-card-head"),
        Span(about, cls="sm-muted") if about else None,
        newest, new, cls="uk-card sm-card",
    )  # fmt: skip
