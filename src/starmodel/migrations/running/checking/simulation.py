"""Simulates the work on rows, to find the values that it would refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import JsonValue

from starmodel.migrations.comparing.changes.words import type_words
from starmodel.migrations.comparing.keys import NEW_CLASS
from starmodel.migrations.running.checking.duplicates import Duplicates
from starmodel.migrations.running.checking.refused import Refused
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.planning.actions import Action, RowAction, SchemaAction
from starmodel.migrations.running.rows.table import RowTable, stored_value
from starmodel.migrations.running.rows.works import (
    Convert,
    Fill,
    Replace,
    RowError,
    RowWork,
    Split,
    computed_fill,
    constant_fill,
    decoded_value,
    part_of,
    shown_value,
    str_key,
)
from starmodel.migrations.schema.codecs import StoredColumn
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Schema
from starmodel.migrations.schema.tables import DefinedTable, build_tables

Stored = dict[str, Any]
"""The stored values of a row by the ids of the fields."""


class Simulation:
    """Runs the work of a migration on copies of rows, entity by entity.

    Shapes: changed are the ids of entities and fields whose values the migration makes.
    """

    def __init__(
        self,
        session: Session,
        before: Schema,
        after: Schema,
        actions: Sequence[Action],
        changed: Collection[tuple[str, str]],
    ) -> None:
        self._session, self._before, self._actions = session, before, actions
        self._after, self._changed = after, changed
        self._tables = build_tables(before, session.sql_dialect)
        self._defined: dict[int, DefinedTable] = {}
        self._found: dict[tuple[str, str], Refused] = {}

    def run(self) -> list[Refused]:
        """Return what would be refused."""
        found: list[Refused] = []
        for entity in self._before:
            if not entity.external and self._concerns(entity):
                found += self._entity(entity)
        return [*(refused for refused in self._found.values() if refused.count), *found]

    def _concerns(self, entity: EntityDefinition) -> bool:
        """True when the values of this entity change, or are required."""
        return any(True for _ in self._of(entity.id))

    def _entity(self, entity: EntityDefinition) -> list[Refused]:
        """Simulate the rows of one entity; return those that would not be unique."""
        duplicates = Duplicates(
            _by_id(self._after, entity.id) or entity,
            [field for owner, field in self._changed if owner == entity.id],
        )
        table = RowTable(self._session, self._tables[entity.name])
        actions = list(self._of(entity.id))
        names = [f.name for f in entity.fields]
        ids = [f.id for f in entity.fields]
        for key, *values in table.all(names):
            row = dict(zip(ids, values, strict=True))
            shown = repr(table.decode_key(key))
            if all(self._apply(number, action, row, shown) for number, action in actions):
                duplicates.add(row, shown)
        return duplicates.found()

    def _of(self, id: str) -> Iterator[tuple[int, RowAction | list[StricterField]]]:
        """Yield the work on the rows of one entity, and the fields that become stricter."""
        for number, action in enumerate(self._actions):
            if isinstance(action, RowAction) and _entity_id(action.work) == id:
                yield number, action
            elif isinstance(action, SchemaAction):
                stricter = [
                    each
                    for each in _stricter(action, id)
                    if each.is_required or each.is_retyped or each.is_narrowed
                ]
                if stricter:
                    yield number, stricter

    def _apply(
        self, number: int, action: RowAction | list[StricterField], row: Stored, key: str
    ) -> bool:
        """Apply one action to a row. Return False when its value was refused."""
        if isinstance(action, list):
            return all(self._check(each, row, key) for each in action)
        work = action.work
        table = self._table(number, work)
        try:
            return self._work(work, table, row, key)
        except RowError as error:
            subject = f"{work.entity}.{getattr(work, 'name', getattr(work, 'title', ''))}"
            reason = "can't be filled" if isinstance(work, Fill) else "can't be read"
            self._refuse(subject, reason, str(error).partition(": ")[2] or str(error), key)
            return False

    def _table(self, number: int, work: RowWork) -> RowTable:
        if number not in self._defined:
            defined = build_tables(work.schema, self._session.sql_dialect)[work.entity]
            self._defined[number] = defined
        return RowTable(self._session, self._defined[number])

    def _work(self, work: RowWork, table: RowTable, row: Stored, key: str) -> bool:
        fields = table.fields
        if isinstance(work, Fill):
            column = fields[work.name]
            if row.get(column.definition.id) is None:
                row[column.definition.id] = self._filled(work, table, row, key)
        elif isinstance(work, Replace):
            column = fields[work.name]
            stored = row.get(column.definition.id)
            if stored is not None and (value := str_key(column, key, stored)) in work.values:
                row[column.definition.id] = stored_value(column, work.values[value])
        elif isinstance(work, Split):
            data = decoded_value(fields[work.name], key, row.get(fields[work.name].definition.id))
            for name, path in work.parts.items():
                found = part_of(data, path)
                if found is not None:
                    try:
                        row[fields[name].definition.id] = stored_value(fields[name], found)
                    except ValueError as error:
                        reason = f"{path} does not fit its new field"
                        self._refuse(
                            f"{work.entity}.{work.name}", reason, f"{found!r} {error}", key
                        )
                        return False
        elif isinstance(work, Convert):
            return self._converted(work, fields[work.old], fields[work.new], row, key)
        return True

    def _filled(self, work: Fill, table: RowTable, row: Stored, key: str) -> Any:
        column = table.fields[work.name]
        if not callable(work.fill):
            return constant_fill(column, work.fill)
        values = [row.get(table.fields[name].definition.id) for name in table.own_fields]
        return computed_fill(table, column, work.fill, key, values)

    def _converted(
        self, work: Convert, old: StoredColumn, new: StoredColumn, row: Stored, key: str
    ) -> bool:
        stored = row.get(old.definition.id)
        try:
            row[old.definition.id] = work.converted(old, new, key, stored)
        except RowError:
            shown = shown_value(old, stored)
            wanted = type_words(new.definition)
            subject = f"{work.entity}.{work.title}"
            keys = work.schema.entity(work.entity).primary_key
            remedy = NEW_CLASS if old.definition.column in keys else _CONVERT
            self._refuse(subject, f"can't be converted to {wanted}", shown, key, remedy)
            return False
        return True

    def _check(self, field: StricterField, row: Stored, key: str) -> bool:
        """Check that a row fits a column after an action."""
        stored = row.get(field.after.id)
        subject = f"{field.entity.name}.{field.after.name}"
        if stored is None:
            if field.is_required:
                self._refuse(subject, "no value, and it is required now", "", key, _FILL)
            return not field.is_required
        if field.is_retyped:
            earlier = self._stored(field.schemas[0], field.earlier_entity, field.earlier.name)
            after = self._stored(field.schemas[1], field.entity, field.after.name)
            try:
                after.encode(earlier.decode(stored))
            except ValueError as error:
                self._refuse(
                    subject, "does not fit the new type", f"{stored!r} {error}", key, _CONVERT
                )
                return False
        if field.is_narrowed:
            column = self._stored(field.schemas[1], field.entity, field.after.name)
            value = column.decode(stored)
            if not column.allows(value):
                reason = f"is not {type_words(field.after)}"
                self._refuse(subject, reason, repr(value), key, _REPLACE)
                return False
        return True

    def _stored(self, schema: Schema, entity: EntityDefinition, name: str) -> StoredColumn:
        known = self._defined.get(id(entity))
        if known is None:
            known = build_tables(schema, self._session.sql_dialect)[entity.name]
            self._defined[id(entity)] = known
        return known.fields[name]

    def _refuse(
        self, subject: str, reason: str, value: str, key: str, remedy: str = "Correct them first."
    ) -> None:
        refused = self._found.setdefault(
            (subject, reason), Refused(subject, reason, remedy.format(subject))
        )
        refused.add(f"{value} in the row {key}" if value else key)


_CONVERT = (
    "Correct the rows, or give them another value: --convert {}=VALUE (in the file: `on_error=`, "
    "or `convert=` for a function)."
)
_REPLACE = (
    "Correct the rows, or give them another value: --replace {}.OLD=NEW (in the file: a "
    "`ReplaceValues` before the step)."
)
_FILL = "Correct the rows, or give them a value: --fill {}=VALUE (in the file: `fill=`)."


def _entity_id(work: RowWork) -> str:
    return work.schema.entity(work.entity).id


def _by_id(schema: Schema, id: str) -> EntityDefinition | None:
    return next((entity for entity in schema if entity.id == id), None)


class StricterField(NamedTuple):
    """A field that a schema action leaves, with what its values must fit afterwards.

    Shapes: earlier and after are its definitions, in the entities and schemas before and after.
    """

    schemas: tuple[Schema, Schema]
    earlier_entity: EntityDefinition
    entity: EntityDefinition
    earlier: FieldDefinition
    after: FieldDefinition
    is_required: bool
    is_retyped: bool
    is_narrowed: bool


def _stricter(action: SchemaAction, id: str) -> Iterator[StricterField]:
    """Yield the fields of an entity that stay, and whether they are stricter."""
    old, new = _by_id(action.before, id), _by_id(action.after, id)
    if old is None or new is None:
        return
    before = {field.id: field for field in old.fields}
    for after in new.fields:
        earlier = before.get(after.id)
        if earlier is not None and after.computed is None:
            yield StricterField(
                (action.before, action.after), old, new, earlier, after,
                is_required=earlier.nullable and not after.nullable,
                is_retyped=earlier.type != after.type,
                is_narrowed=_allowed(earlier) != _allowed(after),
            )  # fmt: skip


def _allowed(definition: FieldDefinition) -> JsonValue:
    return definition.bounds.get("values")
