"""Ids of entities and fields, which stay the same when they are renamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from starmodel.core.values.words import snake_case
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Schema

Defined = TypeVar("Defined", EntityDefinition, FieldDefinition)
Renames = Mapping[str, str]
"""New names by old names: {"Product.price": "unit_price", "Product": "Article"}.

A field is named with the old name of its entity.
"""


def identify(schema: Schema, before: Schema | None, renames: Renames) -> Schema:
    """Return the schema with the ids of `before`, by name or by rename, and new ones otherwise.

    What `before` keeps aside is taken over.
    """
    before = before or Schema()
    entities = _matched(schema.entities, before.entities, renames)
    taken = {entity.id for entity in before.entities} | {kept.entity.id for kept in before.kept}
    made = []
    for entity in schema.entities:
        earlier = entities.get(entity.name)
        if earlier is None:
            entity_id = _new_id(".".join(map(snake_case, entity.name.split("."))), taken)
            earlier_fields: tuple[FieldDefinition, ...] = ()
        else:
            entity_id, earlier_fields = earlier.id, earlier.fields
        kept = {
            item.field.id
            for item in before.kept
            if item.field is not None and item.entity.id == entity_id
        }
        old_name = entity.name if earlier is None else earlier.name
        of_fields = {
            old.removeprefix(f"{old_name}."): new
            for old, new in renames.items()
            if old.startswith(f"{old_name}.")
        }
        fields = _identified(entity.fields, earlier_fields, of_fields, entity_id, kept)
        made.append(entity.model_copy(update={"id": entity_id, "fields": fields}))
    return schema.model_copy(update={"entities": tuple(made), "kept": before.kept})


def _identified(
    fields: Sequence[FieldDefinition],
    before: Sequence[FieldDefinition],
    renames: Renames,
    entity_id: str,
    kept: Iterable[str],
) -> tuple[FieldDefinition, ...]:
    matches = _matched(fields, before, renames)
    taken = {field.id for field in before} | set(kept)
    made = []
    for field in fields:
        earlier = matches.get(field.name)
        own = _new_id(f"{entity_id}.{field.name}", taken) if earlier is None else earlier.id
        made.append(field.model_copy(update={"id": own}))
    return tuple(made)


def _matched(
    after: Sequence[Defined], before: Sequence[Defined], renames: Renames
) -> dict[str, Defined]:
    """Return what each definition was before, by its present name."""
    old = {item.name: item for item in before}
    present = {item.name for item in after}
    found: dict[str, Defined] = {}
    candidates = [(new, name) for name, new in renames.items()]
    candidates += [(item.name, item.name) for item in after]
    candidates += [(item.name, name) for item in after for name in item.renamed_from]
    taken: set[str] = set()
    for new, name in candidates:
        is_free = name in old and name not in taken and new in present and new not in found
        if is_free:
            found[new] = old[name]
            taken.add(name)
    return found


def _new_id(wanted: str, taken: set[str]) -> str:
    made, number = wanted, 1
    while made in taken:
        number += 1
        made = f"{wanted}-{number}"
    taken.add(made)
    return made
