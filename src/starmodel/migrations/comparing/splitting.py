"""Which new fields hold the parts of a removed nested model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.changes.fields import AddedField, RemovedField
from starmodel.migrations.comparing.changes.shapes import EACH, parts_of, path_names, required_parts
from starmodel.migrations.schema.definitions import FieldDefinition


def split_parts(
    old: FieldDefinition, added: Sequence[FieldDefinition], named: Mapping[str, str]
) -> dict[str, str]:
    """Return the path of each part by the new field that holds it.

    A field is taken for a part of the same name, alone or after that of the
    old field; the first part of a name wins.

    Shapes: named are paths by field, which take precedence.
    """
    names = {field.name for field in added}
    found = {field: path for field, path in named.items() if field in names}
    for part in parts_of(old.shape):
        if part.path in found.values() or EACH in part.path.split("."):
            continue
        if "properties" in part.schema:
            continue  # its own parts are split, unless it is named
        for name in path_names(old.name, part.path):
            if name in names and name not in found:
                found[name] = part.path
                break
    return found


def splits(changes: Changes, answers: Answers) -> list[tuple[RemovedField, dict[str, str]]]:
    """Return each removed field that was split, with its parts by new field."""
    found = []
    for change in changes:
        if isinstance(change, RemovedField):
            named = answers.split_of(change.refs)
            if named is not None:
                added = [
                    other.field
                    for other in changes
                    if isinstance(other, AddedField) and other.entity.id == change.entity.id
                ]
                found.append((change, split_parts(change.field, added, named)))
    return found


def always_filled(change: AddedField, changes: Changes, answers: Answers) -> bool:
    """True when a split gives each row a value of the new field."""
    for removed, parts in splits(changes, answers):
        path = parts.get(change.field.name)
        if removed.entity.id == change.entity.id and path is not None:
            field = removed.field
            return not field.nullable and path in required_parts(field.shape)
    return False
