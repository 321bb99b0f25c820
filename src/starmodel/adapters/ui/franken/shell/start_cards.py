"""The cards of the start page: one for each class, with its newest records."""

from __future__ import annotations

import datetime
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import A, Div, Li, Span, Ul
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.records.layout import CHANGED, CREATED
from starmodel.adapters.ui.franken.shell.entity_icons import icon_of
from starmodel.adapters.ui.franken.shell.layout import list_heading
from starmodel.adapters.ui.second_lines import second_line
from starmodel.adapters.ui.titles import first_line, title_field
from starmodel.adapters.ui.values import RenderValue
from starmodel.app.access.offers import may_create
from starmodel.app.access.policy import Actor
from starmodel.app.presentation.overviews import Overview
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types
from starmodel.core.snapshot import hidden_of

_TIMES = (datetime.date, datetime.datetime)


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
        shown = overview.newest if title_field(entity_type) else ()
        links = [_newest(services, resource, entity) for entity in shown]
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


def _newest(services: Services, resource: MountedResource, entity: Entity) -> Any:
    """The link to a record: its title, and below it its second line and its time."""
    below = [Span(text) for text in [second_line(entity)] if text]
    time = _time(services, resource, entity)
    if time:
        below.append(Safe(time))
    return Li(
        A(
            Span(resource.ui.record_title(resource, entity), dir="auto"),
            Span(*below, cls="sm-muted", dir="auto") if below else None,
            href=services.url_for(resource, "record", entity.id),
        )
    )


def _time(services: Services, resource: MountedResource, entity: Entity) -> str:
    """The HTML of the last change or the creation, else of the first date of the list."""
    hidden = hidden_of(entity)
    for name in _time_fields(resource.entity_type):
        value = getattr(entity, name, None) if name not in hidden else None
        if value is not None:
            spec = resource.entity_type.cls.__entity__.fields[name]
            show: RenderValue = resource.ui.value(spec.info.annotation, spec.ui, brief=True)
            return show(value)
    return ""


def _time_fields(entity_type: EntityType) -> list[str]:
    fields = entity_type.cls.__entity__.fields
    listed: Any = entity_type.cls.model_config.get("list_display") or ()
    names = [name for group in (CHANGED, CREATED) for name in fields if name in group]
    names += [name for name in listed if name in fields]
    kinds = {name: plain_types(fields[name].info.annotation) for name in names}
    return [
        name
        for name in names
        if not fields[name].private and any(kind in _TIMES for kind in kinds[name])
    ]
