"""The parameters of `create` and `update` that set many-to-many relations."""

from __future__ import annotations

from collections.abc import Container

from pydantic import TypeAdapter

from starmodel.app.commands.binding.parameters import Parameter, new_parameter
from starmodel.app.commands.binding.record_ids import ids_of
from starmodel.app.commit.links import MAX_LINKS
from starmodel.core.classes.implicit_links import is_implicit
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.core.values.words import title_of


def linked_parameters(entity_type: EntityType, *, taken: Container[str]) -> dict[str, Parameter]:
    """The parameter of each relation through a link class that StarModel made: a list of ids.

    A declared link class is an entity with access rules of its own, so its records are created
    and deleted by its own events.

    Shapes: by relation; names that are taken are left out.
    """
    return {
        name: _parameter(name, made.target)
        for name, made in entity_type.linked.items()
        if made.link is not None and is_implicit(made.link) and name not in taken
    }


def _parameter(name: str, target: type[Entity]) -> Parameter:
    annotation = ids_of(target, Field(max_length=MAX_LINKS, title=title_of(name)))
    return new_parameter(name, annotation, TypeAdapter(annotation), None)
