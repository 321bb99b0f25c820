"""The menu of a row: its items are one <template> for all rows of a list."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import A, Button, Template
from starmodel.adapters.ui.franken.event_buttons import button_label
from starmodel.adapters.ui.franken.forms.event_form import form_id
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.presentation.resource import ANY_ID, ID
from starmodel.app.presentation.ui import Services
from starmodel.core.commands import Action
from starmodel.core.events import Event


def menu(services: Services, view: ListView) -> Any:
    """The shared <template> of row menus; the browser inserts the row's key."""
    items = [_item(services, view, event) for event in view.actions]
    return Template(*items, {"data-menu": view.entity_type.name}) if items else None


def _item(services: Services, view: ListView, event: Event[Any, Any, Any]) -> Any:
    resource, texts, entity_type = view.resource, view.texts, view.entity_type
    attributes = {"data-event": event.name}
    if event.name == "update":
        href = f"{services.url_for(resource, 'edit', ID)}{view.from_place}"
        picture = icon("edit", view.icons_url)
        return A(picture, texts.text("event.edit"), attributes, href=href, cls="sm-item")
    if event.name in resource.forms:
        href = resource.event_url(event, ID, root_path=services.frontend.root_path)
        attributes["data-event-form"] = ""
        label = button_label(texts, event, view.icons_url)
        return A(*label, "…", attributes, href=href, aria_haspopup="dialog", cls="sm-item")
    if not services.needs_no_form(entity_type, event):  # a form on the record's page
        fragment = form_id(entity_type, event, ANY_ID)
        href = f"{services.url_for(resource, 'record', ID)}#{fragment}"
        return A(
            *button_label(texts, event, view.icons_url), "…", attributes, href=href, cls="sm-item"
        )
    action = Action(entity_type.cls, event.name, {}, ID)
    attributes["data-on:click"] = services.frontend.render_action(resource, action)
    if event.name == "delete":
        label = (icon("trash", view.icons_url), texts.text("event.delete"))
        return Button(*label, attributes, type="button", cls="sm-item sm-danger")
    return Button(
        *button_label(texts, event, view.icons_url), attributes, type="button", cls="sm-item"
    )
