"""The first visit of an application without records: what it is, and what to do next."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starmodel.adapters.ui.elements import H2, A, Code, Li, Ol, P, Section
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.shell.entity_icons import icon_of
from starmodel.app.presentation.overviews import Overview
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services


def welcome(
    services: Services,
    creatable: Sequence[MountedResource],
    overviews: Mapping[MountedResource, Overview],
) -> Any:
    """The first steps; None once there is a record, or where the visitor may create none.

    Shapes: creatable are the resources whose form for a new record the visitor may use.
    """
    is_empty = all(not each.newest and not each.count for each in overviews.values())
    if not overviews or not is_empty or not creatable:
        return None
    texts, first = services.texts, creatable[0].entity_type
    create = A(
        icon("plus", services.icons_url), texts.text("start.new", title=first.title),
        href=services.url_for(creatable[0], "new"), cls="uk-btn uk-btn-primary uk-btn-sm",
    )  # fmt: skip
    see = A(
        icon(icon_of(first), services.icons_url), first.plural_title,
        href=services.url_for(creatable[0], "list"), cls="uk-btn uk-btn-default uk-btn-sm",
    )  # fmt: skip
    steps = [
        Li(P(texts.text("welcome.create", title=first.title)), create),
        Li(P(texts.text("welcome.list", things=first.plural_title)), see),
    ]
    source = _source(first.cls) if services.site.development else ""
    if source:
        steps.append(Li(P(texts.text("welcome.source")), Code(source)))
    return Section(
        H2(texts.text("welcome.title", site=services.site.title)),
        P(texts.text("welcome.about"), cls="sm-muted"),
        Ol(*steps, cls="sm-welcome-steps"), cls="uk-card sm-welcome",
    )  # fmt: skip


def _source(cls: type) -> str:
    """The name of the file of a class with its folder; "" without one."""
    try:
        file = Path(inspect.getfile(cls))
    except (TypeError, OSError):
        return ""
    return "/".join(file.parts[-2:])
