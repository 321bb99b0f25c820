"""The menu of a record's page for what is needed rarely: its id."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import Button, Details, Div, Summary
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.presentation.ui import Services
from starmodel.core.entity import Entity


def record_menu(services: Services, entity: Entity) -> Any:
    """The menu, which only a browser with JavaScript shows."""
    texts = services.texts
    copy = Button(
        icon("copy", services.icons_url), texts.text("record.copy_id"), type="button",
        data_copy=str(entity.id), data_copied=texts.text("record.id_copied"), cls="sm-item",
    )  # fmt: skip
    opener = Summary(
        aria_label=texts.text("record.menu_label"), cls="uk-btn uk-btn-default uk-btn-icon"
    )
    return Details(opener, Div(copy, cls="sm-menu-items"), cls="sm-menu")
