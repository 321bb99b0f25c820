"""What a record page knows of the children of its record, and the form that adds one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import PLACE, Listing, Window
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.errors import ListQueryError


class ChildList(NamedTuple):
    """The children of one record by one relation, as its page lists them.

    Shapes: children is None for the one row of the record's own fields that are computed from
    other records; resource is that of the children's class; window has the number of all children.
    """

    children: Children | None
    resource: MountedResource
    listing: Listing
    window: Window


class ParentChoice(NamedTuple):
    """The parent that the form of a new child has been opened for."""

    children: Children
    id: str

    @property
    def inputs(self) -> dict[str, str]:
        """The hidden inputs of the form, and the query of its address."""
        return {PLACE: self.children.place, self.children.key: self.id}


def parent_url(parent: MountedResource, children: Children, key: Any, root_path: str) -> str:
    """The URL of the list of children on their parent's page; "" where it has no page.

    Shapes: key is the id of the parent, None for no parent.
    """
    if key is None or "record" not in parent.pages:
        return ""
    url = parent.url_for("record", key, root_path=root_path)
    return f"{url}#children-{children.name}"


def place_of(
    registry: Registry, entity_type: EntityType, given: Mapping[str, Any]
) -> Children | None:
    """The list of children that a query, or a submitted form, names for a record of it."""
    place = given.get(PLACE)
    children = registry.children_at(place) if isinstance(place, str) else None
    return None if children is None or children.of is not entity_type.cls else children


def parent_choice(
    registry: Registry, entity_type: EntityType, given: Mapping[str, Any]
) -> ParentChoice | None:
    """The parent that a query, or a submitted form, names for a new record; None without one."""
    children = place_of(registry, entity_type, given)
    if children is None:
        return None
    id = given.get(children.key)
    return ParentChoice(children, id) if isinstance(id, str) and id else None


async def in_order(
    children: Children, read: Callable[[str], Awaitable[tuple[Listing, Window]]]
) -> tuple[Listing, Window]:
    """The children in the order of their relation, or by id for who may not compare its fields."""
    try:
        return await read(children.order)
    except ListQueryError:
        return await read("")
