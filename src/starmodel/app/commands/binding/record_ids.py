"""The types of lists of ids, in the place of lists of records."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from starmodel.core.definition.relations import without_none
from starmodel.core.entity import Entity


def ids_of(cls: type[Entity], *metadata: Any) -> Any:
    """The type of a list of ids of the class; code may pass records in their place."""
    kind = without_none(cls.__pydantic_fields__["id"].annotation)
    item: Any = Annotated[kind, BeforeValidator(_id_of)]
    annotation: Any = list[item]
    for each in metadata:
        annotation = Annotated[annotation, each]
    return annotation


def several_of(kinds: Sequence[Any]) -> Any:
    """The class of `list[Class]`; None for other types. Shapes: as `plain_types` returns them."""
    is_list = len(kinds) == 1 and typing.get_origin(kinds[0]) is list
    return typing.get_args(kinds[0])[0] if is_list else None


def _id_of(value: Any) -> Any:
    """The id of a record, which only code passes."""
    return value.id if hasattr(value, "__entity__") else value
