"""The page that asks before records are deleted."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import A, Button, Div, Form, Input, Li, P, Ul
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.presentation.deletion import Deletion
from starmodel.app.presentation.ui import Services


def deletion_form(services: Services, deletion: Deletion) -> Any:
    """What goes along, and the buttons; without "Delete" where something prevents it."""
    texts, delete = services.texts, None
    if not deletion.obstacles:
        delete = Form(
            *[Input(type="hidden", name=name, value=value) for name, value in deletion.fields],
            Button(
                icon("trash", services.icons_url), deletion.label,
                type="submit", cls="uk-btn uk-btn-destructive",
            ),
            method="post", action=deletion.url, enctype="application/x-www-form-urlencoded",
        )  # fmt: skip
    cancel = texts.text("delete.close" if deletion.obstacles else "delete.cancel")
    obstacles = [
        P(
            icon("alert", services.icons_url), obstacle.text,
            A(texts.text("delete.show"), href=obstacle.url) if obstacle.url else None,
            cls="sm-obstacle",
        )
        for obstacle in deletion.obstacles
    ]  # fmt: skip
    return Div(
        *obstacles,
        Ul(*map(Li, deletion.notes), cls="sm-items") if deletion.notes else None,
        None if deletion.obstacles else P(texts.text("delete.final")),
        Div(A(cancel, href=deletion.back, cls="uk-btn uk-btn-default"), delete, cls="sm-buttons"),
        cls="uk-card sm-form-card sm-deletion",
    )
