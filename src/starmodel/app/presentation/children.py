"""What a record page knows of the children of its record, and the form that adds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import PLACE, Listing, Window
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType, Registry


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


def parent_choice(
    registry: Registry, entity_type: EntityType, given: Mapping[str, Any]
) -> ParentChoice | None:
    """The parent that a query, or a submitted form, names for a new record; None without one."""
    place = given.get(PLACE)
    if not isinstance(place, str):
        return None
    children = registry.children_at(place)
    if children is None or children.of is not entity_type.cls:
        return None
    id = given.get(children.key)
    return ParentChoice(children, id) if isinstance(id, str) and id else None
