"""Rows of random models, and what a migration must leave of them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from integration.migrations.random_edits.kinds import CONVERSIONS, PARTED, type_of, values_of
from integration.migrations.random_edits.models import EntitySpec, FieldSpec, Model

Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""Decoded rows by the key of their entity."""


def new_rows(model: Model, rows: Rows, chance: random.Random, number: Callable[[], int]) -> Rows:
    """Rows to insert; those that would violate a constraint are left out.

    Shapes: rows are those that are stored.
    """
    known = {key: list(rows.get(key, ())) for key in model.entities}
    made: Rows = {}
    for key, entity in model.entities.items():
        made[key] = []
        for _ in range(3):
            row = _row(entity, known, chance, number)
            if row is not None and _is_distinct(entity, row, known[key]):
                known[key].append(row)
                made[key].append(row)
    return made


def _row(
    entity: EntitySpec, known: Rows, chance: random.Random, number: Callable[[], int]
) -> Row | None:
    own = number()
    ids = {"int": own, "uuid": uuid.UUID(int=own), "str": f"row{own}"}
    row: Row = {"id": ids[entity.key]}
    for spec in entity.fields.values():
        if spec.optional and chance.random() < 0.3:
            row[spec.name] = None
        elif spec.refers:
            targets = [each["id"] for each in known[spec.refers]]
            if not targets and not spec.optional:
                return None
            row[spec.name] = chance.choice(targets) if targets else None
        elif spec.unique:
            row[spec.name] = own if spec.kind == "int" else f"u{own}"
        else:
            row[spec.name] = chance.choice(values_of(spec))
    return row


def _is_distinct(entity: EntitySpec, row: Row, others: list[Row]) -> bool:
    uniques = [*entity.uniques.values(), *([entity.key_fields] if entity.key_fields else [])]
    uniques += [(own,) for own, spec in entity.fields.items() if spec.unique]
    for keys in uniques:
        names = [entity.fields[key].name for key in keys]
        value = [row[name] for name in names]
        if None not in value and any(value == [other[n] for n in names] for other in others):
            return False
    return True


def check_rows(before: Model, after: Model, old: Rows, new: Rows, restored: set[str]) -> None:
    """Assert that every row is there, with the values that the migration must give it.

    Shapes: restored are new fields with values that were kept aside ("Thing1.f2").
    """
    for key, earlier in before.entities.items():
        if key in after.entities:
            _check_entity(earlier, after.entities[key], old[key], new[key], restored)


def _check_entity(
    earlier: EntitySpec,
    entity: EntitySpec,
    before: list[Row],
    after: list[Row],
    restored: set[str],
) -> None:
    olds = {row["id"]: row for row in before}
    news = {row["id"]: row for row in after}
    assert olds.keys() == news.keys(), f"rows of {entity.name}"
    for own, spec in entity.fields.items():
        was = earlier.fields.get(own)
        for id, row in news.items():
            value = row[spec.name]
            where = f"{entity.name}.{spec.name} of {id!r}"
            if was is None and f"{entity.name}.{spec.name}" in restored:
                assert spec.optional or value is not None, where
            elif was is None:
                expected = None if spec.optional else values_of(spec)[0]
                assert value == expected, f"{where}: {value!r} instead of {expected!r}"
            else:
                _check_value(was, spec, olds[id][was.name], value, where)
            if spec.kind in PARTED and value is not None:
                TypeAdapter(type_of(spec)).validate_python(value)


def _check_value(was: FieldSpec, spec: FieldSpec, old: Any, new: Any, where: str) -> None:
    if old is None:
        expected = None if spec.optional else values_of(spec)[0]
    elif was.kind != spec.kind:
        convert = CONVERSIONS[was.kind, spec.kind]
        expected = new if convert is None else convert(old)
    elif was.members and old not in spec.members:
        expected = spec.members[0]
    elif spec.parts != was.parts:
        lost = {name for name, _, _ in was.parts} - {name for name, _, _ in spec.parts}
        assert _contains(new, old, lost), f"{where}: {new!r} after {old!r}"
        return
    else:
        expected = old
    assert new == expected, f"{where}: {new!r} instead of {expected!r}"


def _contains(new: Any, old: Any, lost: set[str]) -> bool:
    """True when the new data has all of the old, apart from parts that are lost."""
    if isinstance(old, Mapping):
        return all(
            name in new and _contains(new[name], value, lost)
            for name, value in old.items()
            if name not in lost
        )
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return all(_contains(a, b, lost) for a, b in zip(new, old, strict=True))
    return bool(new == old)


def check_undone(first: Model, present: Rows, seen: Mapping[Any, Any]) -> None:
    """Assert that the fields of the first model have the values that they had last.

    Shapes: seen are values by entity, row and field, where no migration converted them.
    """
    for key, entity in first.entities.items():
        for row in present[key]:
            for own, spec in entity.fields.items():
                value = seen.get((key, row["id"], own))
                if value is not None:
                    assert row[spec.name] == value, (entity.name, spec.name, row, value)


def differing(new: Rows, old: Rows, *, filled: bool = False) -> list[str]:
    """Return what differs, one text for each value.

    Shapes: filled, a value in place of None is no difference.
    """
    found = []
    for key, rows in old.items():
        others = {row["id"]: row for row in new.get(key, ())}
        for row in rows:
            other = others.get(row["id"], {})
            found += [
                f"{key} {row['id']!r} {name}: {other.get(name, 'nothing')!r} after {value!r}"
                for name, value in row.items()
                if name not in other or (other[name] != value and not (filled and value is None))
            ]
    return found
