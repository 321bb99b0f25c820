"""Which types store the values of others: without loss, or at all."""

from __future__ import annotations

from difflib import SequenceMatcher

from starmodel.migrations.comparing.changes.words import members_of
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition

_FAMILIES = (
    {"int", "float", "decimal", "bool"},
    {"str", "enum", "uuid"},
    {"datetime", "aware_datetime", "naive_datetime", "date"},
)
_LOSSLESS = {
    ("bool", "int"),
    ("bool", "float"),
    ("bool", "decimal"),
    ("int", "decimal"),
    ("int", "float"),
    ("enum", "str"),
    ("uuid", "str"),
    ("int", "str"),
    ("decimal", "str"),
    ("date", "str"),
    ("aware_datetime", "datetime"),
    ("naive_datetime", "datetime"),
}
LIKELY = 0.5
"""The similarity from which a renaming is suggested first."""
_SIZES = ("length", "precision", "scale")


def could_be_renamed(old: FieldDefinition, new: FieldDefinition) -> bool:
    """True when one field may be the other under a new name."""
    if (old.computed is None) != (new.computed is None):
        return False
    if old.type.kind == new.type.kind:
        return old.type.kind != "custom" or old.type.name == new.type.name
    return any({old.type.kind, new.type.kind} <= family for family in _FAMILIES)


def is_likely_renamed(old: FieldDefinition, new: FieldDefinition, removed: int, added: int) -> bool:
    """True when a renaming is the first thing to think of: similar names, or nothing else changed.

    Shapes: removed and added are the numbers of such fields of the entity.
    """
    return removed == added == 1 or similarity(old.name, new.name) >= LIKELY


def similarity(name: str, other: str) -> float:
    """Return how much of two names agrees, from 0 to 1."""
    return SequenceMatcher(None, name.lower(), other.lower()).ratio()


def could_be_same(old: EntityDefinition, new: EntityDefinition) -> bool:
    """True when one entity may be the other under a new name: half of their fields agree."""
    if old.external or new.external:
        return False
    names = [{(f.name, f.type.kind) for f in each.fields if f.name != "id"} for each in (old, new)]
    return 2 * len(names[0] & names[1]) >= max(map(len, names))


def always_fits(old: FieldDefinition, new: FieldDefinition) -> bool:
    """True when the new type stores every value of the old one."""
    before, after = old.type, new.type
    if members_of(new) and not members_of(old):
        return False
    if before.kind != after.kind:
        room = after.arguments.get("length") is None or after.kind != "str"
        sized = after.kind == "decimal" and after.arguments.get("precision") is not None
        return (before.kind, after.kind) in _LOSSLESS and room and not sized
    if before.kind == "custom":
        return before == after
    return all(
        _is_wider(before.arguments.get(size), after.arguments.get(size), size, new)
        for size in _SIZES
    )


def _is_wider(old: object, new: object, size: str, field: FieldDefinition) -> bool:
    if new is None or old == new:
        return True
    if not isinstance(old, int) or not isinstance(new, int):
        return False
    if size == "precision":  # the digits before the point must not become fewer
        return new >= old
    return new >= old or field.type.kind == "enum"
