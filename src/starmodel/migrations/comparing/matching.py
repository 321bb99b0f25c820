"""Finds the definition before for each definition after, by id, name or a declared renaming."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Schema
from starmodel.migrations.schema.editing import changed

Definition = TypeVar("Definition", EntityDefinition, FieldDefinition)


def carry_ids(before: Schema, after: Schema, renames: Mapping[str, str] | None = None) -> Schema:
    """Return the schema after, whose definitions have the ids of those that they continue.

    A definition continues the one with its id, then the one of its name, then
    that of an answered renaming, then that of its `renamed_from`.

    Shapes: renames are new names by "Product" or "Product.price", with the name
    of the entity before or after.
    """
    renames = renames or {}
    entities = []
    taken = _continued(before.entities, after.entities, renames, "")
    old_by_id = {entity.id: entity for entity in before.entities}
    for entity in after.entities:
        id = taken.get(entity.name, entity.id)
        old = old_by_id.get(id)
        if old is None:
            entities.append(entity)
            continue
        own = {
            f"{name}.": {
                ref.removeprefix(f"{name}."): new
                for ref, new in renames.items()
                if ref.startswith(f"{name}.")
            }
            for name in (old.name, entity.name)
        }
        answered = {ref: new for each in own.values() for ref, new in each.items()}
        ids = _continued(old.fields, entity.fields, answered, "")
        fields = tuple(changed(field, id=ids.get(field.name, field.id)) for field in entity.fields)
        entities.append(changed(entity, id=id, fields=fields))
    return changed(after, entities=tuple(entities))


def _continued(
    old: Iterable[Definition],
    new: Iterable[Definition],
    renames: Mapping[str, str],
    prefix: str,
) -> dict[str, str]:
    """Return the id of the old definition that each new one continues, by name."""
    by_name = {each.name: each.id for each in old}
    ids = set(by_name.values())
    new = list(new)
    answered = {target: by_name[source] for source, target in renames.items() if source in by_name}
    free = {id for name, id in by_name.items() if name not in {n.name for n in new}}
    found: dict[str, str] = {}
    for each in new:
        if each.name in answered:
            found[each.name] = answered[each.name]
        elif each.id in ids and each.id not in answered.values():
            found[each.name] = each.id
    for each in new:
        if each.name in found:
            continue
        used = set(found.values())
        if each.name in by_name and by_name[each.name] not in used:
            found[each.name] = by_name[each.name]
            continue
        for source in each.renamed_from:
            if source in by_name and by_name[source] in free - used:
                found[each.name] = by_name[source]
                break
    return found
