"""The records that pages show by their titles in the place of an id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types

ShownRecords = Mapping[type[Entity], Mapping[str, type[Entity]]]


def shown_records(
    referenced: ShownRecords, from_actor: Mapping[Any, Iterable[str]]
) -> ShownRecords:
    """The class of the record for each foreign key, and for each field with the id of an actor.

    The actors of an application are the records of its one class with
    `model_config["actors"]` and a text as id; without one they have no record.

    Shapes: by class and field; from_actor has the fields with the id of an actor of each class.
    """
    found = {cls: dict(fields) for cls, fields in referenced.items()}
    actors = [cls for cls in from_actor if cls.model_config.get("actors")]
    if len(actors) != 1 or not _is_text(actors[0], "id"):
        return found
    for cls, names in from_actor.items():
        for name in names:
            if _is_text(cls, name):
                found.setdefault(cls, {}).setdefault(name, actors[0])
    return found


def _is_text(cls: type[Entity], name: str) -> bool:
    return plain_types(cls.__entity__.fields[name].info.annotation) == [str]
