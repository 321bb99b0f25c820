"""Names of columns and tables that a migration renames instead of dropping."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.changes.fields import AddedField, RemovedField
from starmodel.migrations.comparing.changes.shapes import accepts
from starmodel.migrations.comparing.changes.tables import RemovedEntity
from starmodel.migrations.comparing.compatible import always_fits
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Kept

MAX_NAME_BYTES = 60
"""The longest identifier that every database takes, less a margin."""


def kept_for(field: FieldDefinition, entity: EntityDefinition, kept: Sequence[Kept]) -> Kept | None:
    """Return the newest values kept aside of a field with this name, which its type can store."""
    for each in reversed(kept):
        old = each.field
        if old is None or each.entity.id != entity.id or entity.external:
            continue
        if old.name == field.name and field.computed is None and old.type.kind == field.type.kind:
            fits = always_fits(old, field) and accepts(field.shape, old.shape)
            return each if fits else None
    return None


def kept_rows_of(entity: EntityDefinition, kept: Sequence[Kept]) -> Kept | None:
    """Return the newest table kept aside of a class with this name."""
    tables = (each for each in reversed(kept) if each.field is None)
    return next((each for each in tables if each.entity.name == entity.name), None)


def kept_after(changes: Changes, answers: Answers, migration: str) -> tuple[Kept, ...]:
    """Return the dropped definitions after a migration, with their new names."""
    restored = {
        change.kept.name
        for change in changes
        if isinstance(change, AddedField) and change.kept and answers.is_restored(change.refs)
    }
    number = re.match(r"\d*", migration)
    suffix = (number[0] if number else "").lstrip("0") or "0"
    kept = [each for each in changes.before.kept if each.name not in restored]
    taken = {each.name for each in changes.before.kept}
    for change in changes:
        if isinstance(change, RemovedEntity) and not change.entity.external:
            name = kept_name(change.entity.table, suffix, taken)
            kept.append(Kept(migration=migration, name=name, entity=change.entity))
        elif isinstance(change, RemovedField) and not change.entity.external:
            if change.field.computed is not None:
                continue
            name = kept_name(change.field.column, suffix, taken)
            entity = change.old_entity
            kept.append(Kept(migration=migration, name=name, entity=entity, field=change.field))
    return tuple(kept)


def kept_name(name: str, number: str, taken: set[str]) -> str:
    """Return the name of a dropped column or table, and add it to those taken.

    >>> kept_name("price", "2", set())
    '_dropped_price_2'
    """
    base = found = short(f"_dropped_{name}_{number}")
    count = 1
    while found in taken:
        count += 1
        found = short(f"{base}_{count}")
    taken.add(found)
    return found


def short(name: str) -> str:
    """Return a name of at most MAX_NAME_BYTES; a longer one is cut, and ends in its hash."""
    raw = name.encode()
    if len(raw) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.blake2b(raw, digest_size=4).hexdigest()
    return f"{raw[: MAX_NAME_BYTES - 9].decode(errors='ignore')}_{digest}"
