"""Models as data, from which a random test makes classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class FieldSpec:
    """One field.

    Shapes: refers is the key of the entity that a foreign key names; members are those of an
    enum or `Literal`; parts of a nested model are (name, kind, is required).
    """

    name: str
    kind: str
    optional: bool = False
    required: bool = False
    indexed: bool = False
    unique: bool = False
    refers: str = ""
    on_delete: str = ""
    members: tuple[str, ...] = ()
    parts: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class EntitySpec:
    """One entity.

    Shapes: key is the kind of its ids; fields are by key; indexes and uniques are keys of fields.
    """

    name: str
    key: str = "str"
    fields: Mapping[str, FieldSpec] = field(default_factory=dict)
    expires: bool = False
    comment: str = ""
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uniques: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    key_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """Entities by key; a key stays the same when the entity is renamed."""

    entities: Mapping[str, EntitySpec] = field(default_factory=dict)

    def with_entity(self, key: str, entity: EntitySpec) -> Model:
        return Model({**self.entities, key: entity})

    def with_fields(self, key: str, fields: Mapping[str, FieldSpec]) -> Model:
        """Replace the fields of an entity, and forget indexes over those that are gone."""
        entity = self.entities[key]
        return self.with_entity(
            key,
            replace(
                entity,
                fields=fields,
                indexes=_within(entity.indexes, fields),
                uniques=_within(entity.uniques, fields),
            ),
        )


def _within(
    named: Mapping[str, tuple[str, ...]], fields: Mapping[str, FieldSpec]
) -> dict[str, tuple[str, ...]]:
    return {name: own for name, own in named.items() if set(own) <= set(fields)}


def renames_of(before: Model, after: Model) -> dict[str, str]:
    """New names by old ones, as the flag `--rename` has them."""
    found = {}
    for key, old in before.entities.items():
        new = after.entities.get(key)
        if new is None:
            continue
        if new.name != old.name:
            found[old.name] = new.name
        for own, spec in old.fields.items():
            now = new.fields.get(own)
            if now is not None and now.name != spec.name:
                found[f"{old.name}.{spec.name}"] = now.name
    return found
