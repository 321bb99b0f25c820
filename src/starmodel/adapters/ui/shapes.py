"""Which scalars the JSON of a nested value contains, so that each is rendered by its type."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from starmodel.app.commands.binding.form_texts import fields_of
from starmodel.app.commands.binding.rows import item_type
from starmodel.core.fields.field_types import plain_types
from starmodel.core.translations import translated

MAX_DEPTH = 5
RenderScalar = Callable[[Any], str]
ScalarOf = Callable[[Any], RenderScalar | None]


@dataclass(frozen=True, slots=True)
class Shape:
    """The renderers inside a value: of a scalar itself, of items or values, or of fields.

    Shapes: titles has the labels of the fields of a model, by name.
    """

    scalar: RenderScalar | None = None
    items: Shape | None = None
    fields: Mapping[str, Shape] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def inside(self, key: Any) -> Shape | None:
        """The shape of the value of a key."""
        return self.items or self.fields.get(key)

    def title_of(self, key: Any) -> str:
        """The label of a field; a key of a mapping is its own."""
        return self.titles.get(key, str(key))


def shape_of(annotation: Any, scalar_of: ScalarOf, depth: int = 0) -> Shape | None:
    """The shape of the values of a type; None without a model or a scalar that has a renderer."""
    kinds = plain_types(annotation)
    if len(kinds) != 1 or depth > MAX_DEPTH:
        return None
    items = item_type(kinds[0])
    if typing.get_origin(kinds[0]) is dict:
        items = typing.get_args(kinds[0])[1]
    if items is not None:
        inner = shape_of(items, scalar_of, depth + 1)
        return None if inner is None else Shape(items=inner)
    types = fields_of(annotation)
    if types:
        found = {name: shape_of(kind, scalar_of, depth + 1) for name, kind in types.items()}
        known = {name: shape for name, shape in found.items() if shape is not None}
        return Shape(fields=known, titles=titles_of(annotation))
    scalar = scalar_of(annotation)
    return None if scalar is None else Shape(scalar)


def titles_of(annotation: Any) -> dict[str, str]:
    """The labels of the fields of a model or typed dictionary, as its form has them."""
    titles = {
        name: translated(name.replace("_", " ").capitalize()) for name in fields_of(annotation)
    }
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            infos = kind.__pydantic_fields__
            return {name: translated(infos[name].title or title) for name, title in titles.items()}
    return titles
