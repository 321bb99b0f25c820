"""The lists of children on the page of their parent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starmodel.adapters.ui.elements import H2, A, Div, Section
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.lists import Lists
from starmodel.adapters.ui.franken.lists.rows import section_id
from starmodel.app.access.offers import may_create
from starmodel.app.access.policy import Actor
from starmodel.app.commands.field_access import unsettable
from starmodel.app.presentation.children import ChildList, ParentChoice
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.core.classes.children import Children
from starmodel.core.commands import plain
from starmodel.core.entity import Entity


def child_sections(
    services: Services,
    lists: Lists,
    entity: Entity,
    found: Sequence[ChildList],
    actor: Actor | None,
) -> Any:
    """One section for each list of children, with a link to add one where the actor may."""
    if not found:
        return None
    sections = []
    for each in sorted(found, key=lambda each: each.children is None):  # figures come last
        if each.children is None:
            figures = lists.table(each.resource, each.listing, each.window, actor)
            sections.append(Div(figures, cls="sm-children sm-related-figures"))
            continue
        heading_id = f"{section_id(each.children)}-title"
        head = Div(
            H2(each.children.title, id=heading_id),
            _add(services, entity, each.children, each.resource, actor),
            cls="sm-children-head",
        )  # fmt: skip
        table = lists.table(each.resource, each.listing, each.window, actor)
        sections.append(
            Section(
                head, table, id=section_id(each.children), cls="sm-children",
                aria_labelledby=heading_id,
            )
        )  # fmt: skip
    return tuple(sections)


def _add(
    services: Services,
    entity: Entity,
    children: Children,
    resource: MountedResource,
    actor: Actor | None,
) -> Any:
    """The link to the form of a new child, whose parent is chosen."""
    entity_type, spec = resource.entity_type, children.of.__entity__.fields[children.key]
    if children.through or "new" not in resource.pages or not spec.editable:
        return None
    if children.key in unsettable(resource.policy, entity_type, actor, None):
        return None
    if not may_create(resource.policy, entity_type, actor):
        return None
    query = urlencode(ParentChoice(children, str(plain(entity.id))).inputs)
    return A(
        icon("plus", services.icons_url),
        services.texts.text("children.add", title=entity_type.title),
        href=f"{services.url_for(resource, 'new')}?{query}", cls="uk-btn uk-btn-default uk-btn-sm",
    )  # fmt: skip
