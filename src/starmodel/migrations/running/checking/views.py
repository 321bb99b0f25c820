"""Finds views of others that a migration would break, or that would stop it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.planning.actions import Action, ProgramAction, SchemaAction
from starmodel.migrations.running.programs.alias import Alias
from starmodel.migrations.running.rows.works import Convert
from starmodel.migrations.schema.definitions import EntityDefinition


class Lost(NamedTuple):
    """What a view can't use any more. Shapes: column is None for the whole table."""

    entity: EntityDefinition
    column: str | None
    why: str

    @property
    def title(self) -> str:
        field = next((f for f in self.entity.fields if f.column == self.column), None)
        return self.entity.name if field is None else f"{self.entity.name}.{field.name}"


def affected_views(session: Session, actions: Sequence[Action]) -> list[str]:
    """Return a sentence for each view that uses what the actions convert, rename or delete.

    PostgreSQL refuses to convert or delete such a column. On MySQL and MariaDB a view finds its
    columns by their names, so renaming breaks it. SQLite renames in views too.
    """
    schemas = [action for action in actions if isinstance(action, SchemaAction)]
    if not schemas:
        return []
    lost = list(_lost(session, schemas))
    ended = {
        action.program.name
        for action in actions
        if isinstance(action, ProgramAction) and isinstance(action.program, Alias)
    }
    found: dict[str, Lost] = {}
    for each in lost:
        for view in _views(session, each):
            if view not in ended:
                found.setdefault(view, each)
    return [
        f"The view {view!r} uses {each.title}, {each.why}. Drop the view, run this again, and "
        "create it again afterwards; or do both in the migration, by RunSql."
        for view, each in sorted(found.items())
    ]


def _lost(session: Session, schemas: Sequence[SchemaAction]) -> Iterator[Lost]:
    before, after = schemas[0].before, schemas[-1].after
    converted = set(_converted(schemas))
    news = {entity.id: entity for entity in after}
    renames = session.kind == "mysql"
    for old in before:
        if old.external:
            continue
        new = news.get(old.id)
        if new is None:
            yield Lost(old, None, "which is deleted")
        elif renames and (old.table, old.schema_name) != (new.table, new.schema_name):
            yield Lost(old, None, f"whose table becomes {new.table}")
        else:
            yield from _lost_columns(old, new, converted, renames=renames)


def _lost_columns(
    old: EntityDefinition, new: EntityDefinition, converted: set[tuple[str, str]], *, renames: bool
) -> Iterator[Lost]:
    fields = {field.id: field for field in new.fields}
    for field in old.fields:
        target = fields.get(field.id)
        if target is None:
            yield Lost(old, field.column, "which is deleted")
        elif renames and field.column != target.column:
            yield Lost(old, field.column, f"whose column becomes {target.column}")
        elif not renames and ((old.id, field.id) in converted or field.type != target.type):
            yield Lost(old, field.column, "whose column is converted")


def _converted(schemas: Iterable[SchemaAction]) -> Iterator[tuple[str, str]]:
    """Yield the ids of the fields whose columns are replaced by converted ones."""
    for action in schemas:
        for work in action.first:
            if isinstance(work, Convert):
                entity = work.schema.entity(work.entity)
                yield entity.id, entity.field(work.old).id


def _views(session: Session, lost: Lost) -> list[str]:
    """Return the names of the views that use a table, or one column of it."""
    if session.kind == "postgresql":
        return _views_of_postgresql(session, lost)
    if session.kind == "mysql":
        sql = (
            "SELECT table_name, view_definition FROM information_schema.views "
            "WHERE table_schema = COALESCE(%s, DATABASE())"
        )
        rows = session.rows(sql, (lost.entity.schema_name,))
    elif lost.why == "which is deleted":
        rows = session.rows("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
    else:
        return []
    names = [name for name in (lost.entity.table, lost.column) if name is not None]
    return [view for view, text in rows if all(_has_word(text, name) for name in names)]


def _views_of_postgresql(session: Session, lost: Lost) -> list[str]:
    sql = (
        "SELECT DISTINCT v.relname FROM pg_depend d "
        "JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid "
        "JOIN pg_class v ON v.oid = r.ev_class "
        "JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass "
        "JOIN pg_namespace n ON n.oid = t.relnamespace "
        "LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid "
        "WHERE t.relname = $1 AND n.nspname = COALESCE($2, current_schema()) "
        "AND v.oid <> t.oid AND ($3::TEXT IS NULL OR a.attname = $3)"
    )
    values = (lost.entity.table, lost.entity.schema_name, lost.column)
    return [row[0] for row in session.rows(sql, values)]


def _has_word(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None
