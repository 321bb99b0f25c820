"""What changes of the schema mean for processes that still run the old version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes import fields as field_changes
from starmodel.migrations.comparing.changes import tables as table_changes
from starmodel.migrations.comparing.changes.change import Change, Changes
from starmodel.migrations.comparing.changes.class_side import ChangedShape
from starmodel.migrations.comparing.changes.words import (
    listed,
    member_words,
    members_of,
    type_words,
    value_words,
)
from starmodel.migrations.comparing.compatible import always_fits
from starmodel.migrations.rolling.transition import Transition, transition
from starmodel.migrations.running.rows.sql_conversions import is_convertible
from starmodel.migrations.steps.values import UNSET

TITLE = "Processes that still run the old version:"


@dataclass(frozen=True)
class Effect:
    """What processes of the old version experience.

    Shapes: text is a clause whose subject they are ("don't see Product.colour"); breaks, they
    fail, or lose or spoil values; fails, they can't use the table or the field at all.
    """

    text: str
    breaks: bool = False
    fails: bool = False

    @property
    def sentence(self) -> str:
        return f"They {self.text}."


def effects(
    changes: Changes, answers: Answers, *, rolling: bool = False, database: str = ""
) -> list[Effect]:
    """Return what the changes mean for processes of the old version; empty for nothing.

    Shapes: rolling, the changes are split into expand and contract, and this is the time between;
    database is "sqlite", "postgresql" or "mysql", "" for any.
    """
    between = transition(changes, answers) if rolling else None
    context = _Context(changes, answers, between, database)
    found = []
    for change in changes:
        entity = getattr(change, "entity", None) or getattr(change, "after", None)
        if getattr(entity, "external", False):
            continue
        of_kind = _EFFECTS.get(type(change))
        found += list(of_kind(change, context)) if of_kind is not None else []
    return list(dict.fromkeys(found))


def lines(found: Sequence[Effect], *, rolling: bool) -> list[str]:
    """Return the text that a command prints: a title, a line for each effect, and the remedy."""
    if not found:
        return []
    breaks = any(effect.breaks for effect in found)
    texts = [TITLE, *(f"- {effect.sentence}" for effect in found)]
    if not breaks:
        return texts
    if rolling:
        return [*texts, "Where that matters, stop them before this migration runs."]
    return [
        *texts,
        "On a server, stop them before starmodel db upgrade. For a rolling deploy, write it in two "
        "parts: "
        "starmodel migrate --rolling",
    ]


def refusal(found: Sequence[Effect]) -> str:
    """Return why a rolling deploy is impossible, with the alternatives; "" where it is possible."""
    fails = [effect for effect in found if effect.fails]
    if not fails:
        return ""
    return "\n".join(
        [
            "A rolling deploy can't make this change, and nothing is changed. Processes that still "
            "run the old version:",
            *(f"- {effect.sentence}" for effect in fails),
            "Stop the old version and leave --rolling out. Or keep what is there, add a new field "
            "or class beside it, and remove the old one in a later release.",
        ]
    )


def _fails(text: str) -> Effect:
    return Effect(text, breaks=True, fails=True)


@dataclass(frozen=True)
class _Context:
    changes: Changes
    answers: Answers
    between: Transition | None
    database: str

    def has_entity(self, id: str) -> bool:
        """True when the old version finds the table of an entity."""
        return self.between is not None and any(each.id == id for each in self.between.schema)

    def has_mirror(self, entity: str, new: str) -> bool:
        """True when triggers keep the former column of a field beside the new one."""
        mirrors = () if self.between is None else self.between.mirrors
        return any((each.entity, each.new) == (entity, new) for each in mirrors)

    @property
    def retyped(self) -> set[tuple[str, str]]:
        """The ids of entities and fields whose type changes."""
        kind = field_changes.ChangedType
        return {(c.entity.id, c.after.id) for c in self.changes if isinstance(c, kind)}

    def has_field(self, entity: str, id: str) -> bool:
        """True when the old version finds the column of a removed field."""
        if self.between is None:
            return False
        found = (each for each in self.between.schema if each.id == entity)
        return any(field.id == id for each in found for field in each.fields)


Found = Iterator[Effect]


def _added_field(change: field_changes.AddedField, context: _Context) -> Found:
    field, name = change.field, f"{change.entity.name}.{change.field.name}"
    if field.computed is not None:
        return
    if context.between is None and not field.nullable and field.server_default is None:
        yield Effect(f"can't create {change.entity.name}: its new column needs a value", True)
        return
    value = "none"
    if not field.nullable or field.server_default is not None:
        fill = context.answers.fill_of(change.refs)
        default = field.default if fill is UNSET and field.has_default else fill
        value = field.server_default or "none"
        if context.between is not None:
            own = context.between.schema.entity(change.entity.name).field(field.name)
            if own.server_default is None:
                yield Effect(f"leave {name} empty in what they create, which is required", True)
                return
            value = value_words(default) if default is not UNSET else own.server_default
    yield Effect(f"don't see {name}; what they create has {value}")


def _removed_field(change: field_changes.RemovedField, context: _Context) -> Found:
    field, name = change.field, f"{change.entity.name}.{change.field.name}"
    if not context.has_field(change.entity.id, field.id):
        yield _fails(f"fail to read and write {change.entity.name}: they need {name}")
        return
    if field.nullable:
        yield Effect(f"keep using {name}; what the new version creates has none")
    elif field.has_default and field.default is not None:
        value = value_words(field.default)
        yield Effect(f"keep using {name}; what the new version creates has {value}")
    else:
        yield Effect(f"keep using {name}, but read None in it where the new version created", True)


def _renamed_field(change: field_changes.RenamedField, context: _Context) -> Found:
    if change.before.column == change.after.column:
        return
    old, new = f"{change.entity.name}.{change.before.name}", change.after.name
    if not context.has_mirror(change.entity.name, new):
        yield _fails(f"fail to read and write {change.entity.name}: they need {old}")
    elif (change.entity.id, change.after.id) in context.retyped:
        yield Effect(f"keep using {old}; triggers convert it to {new}, and back")
    else:
        yield Effect(f"keep using {old}; triggers keep it equal to {new}")


def _renamed_entity(change: table_changes.RenamedEntity, context: _Context) -> Found:
    table, name = change.before.table, change.before.name
    if change.before.name != change.after.name:
        yield Effect(f"and the new ones don't show each other's changes of {name} live")
    if table == change.after.table and change.before.schema_name == change.after.schema_name:
        return
    aliased = context.between is not None and any(
        each.entity == change.after.name for each in context.between.aliases
    )
    key = next((f for f in change.before.fields if f.name == "id"), None)
    numbered = key is not None and key.type.kind == "int"
    if aliased and not numbered and context.database != "sqlite":
        yield Effect(f"find the table {table} as a view, at the moment of renaming not at all")
        return
    where = " on SQLite, where no view can stand for it" if aliased and not numbered else ""
    yield _fails(
        f"fail to read and write {name}{where}: its table is {change.after.table} now. To avoid "
        f'that, keep the table by __tablename__ = "{table}"'
    )


def _removed_entity(change: table_changes.RemovedEntity, context: _Context) -> Found:
    if not context.has_entity(change.entity.id):
        yield _fails(f"fail to read and write {change.entity.name}: its table is put aside")
    else:
        yield Effect(f"keep using {change.entity.name}")


def _changed_type(change: field_changes.ChangedType, context: _Context) -> Found:
    same = change.before.type.kind == change.after.type.kind
    name = f"{change.entity.name}.{change.before.name}"
    if context.has_mirror(change.entity.name, change.after.name):
        yield from _converted(change, name, context)
        return
    if same and always_fits(change.before, change.after):
        return
    if same and change.before.type == change.after.type:  # a `Literal` of the same values
        allowed = listed(member_words(change.after, members_of(change.after)), "or")
        yield Effect(
            f"may still store other values than {allowed} as {name}, which the new version "
            "doesn't know",
            True,
        )
        return
    way_out = ""
    is_renamed = change.before.name != change.after.name
    if context.between and not is_renamed and is_convertible(change.before, change.after):
        way_out = f". With another name, by --rename {name}=NEW, triggers convert its values"
    yield _fails(f"fail to read and write {name}: its column gets another type{way_out}")


def _converted(change: field_changes.ChangedType, name: str, context: _Context) -> Found:
    """Yield what triggers can't convert, in either direction."""
    old, new, after = change.before, change.after, change.after.name
    if not always_fits(old, new):
        given = context.answers.conversion_of(change.refs)
        value = "None" if given is UNSET else value_words(given)
        yield Effect(
            f"may store {name} that is not {type_words(new)}; {after} is {value} then", True
        )
    if not always_fits(new, old):
        yield Effect(f"read None in {name} where {after} is not {type_words(old)}", True)


def _changed_members(change: field_changes.ChangedMembers, context: _Context) -> Found:
    name = change.name
    if change.added:
        added = listed(member_words(change.after, change.added), "or")
        yield Effect(f"can't change what has {added} as {name}", True)
    if change.removed:
        removed = listed(member_words(change.before, change.removed), "or")
        yield Effect(
            f"may still store {removed} as {name}, which the new version doesn't know",
            True,
        )


def _changed_nullability(change: field_changes.ChangedNullability, context: _Context) -> Found:
    if change.after.nullable:
        yield Effect(f"may read None in {change.name}, which they don't expect", True)
    elif context.between is None:
        yield Effect(f"fail to store None in {change.name}", True)
    else:
        yield Effect(f"may store None in {change.name} until --contract")


def _changed_shape(change: ChangedShape, context: _Context) -> Found:
    if change.missing:
        yield Effect(f"may store {change.name} without {listed(change.missing)}", True)


def _changed_computed(change: field_changes.ChangedComputed, context: _Context) -> Found:
    if change.before.computed is None or change.after.computed is None:
        yield _fails(f"fail to write {change.name}, or to read what they wrote")


def _added_constraint(change: table_changes.AddedConstraint, context: _Context) -> Found:
    if context.between is not None:
        yield Effect(
            "may store what violates it: "
            f"{change.entity.name} requires from --contract on that "
            f"{table_changes.constraint_words(change.constraint)}"
        )
        return
    yield Effect(
        f"get an error where they violate that {change.entity.name} requires now: "
        f"{table_changes.constraint_words(change.constraint)}",
        True,
    )


def _added_index(change: table_changes.AddedIndex, context: _Context) -> Found:
    if not change.index.unique:
        return
    columns = listed(change.index.parts)
    if context.between is not None:
        yield Effect(f"may store {change.entity.name} with equal {columns} until --contract")
    else:
        yield Effect(f"get an error for {change.entity.name} with equal {columns}", True)


def _changed_hidden(change: table_changes.ChangedHiddenColumns, context: _Context) -> Found:
    name = change.after.name
    if change.before.versioned != change.after.versioned:
        yield _fails(f"fail to write {name}: its versions change")
    elif change.after.can_expire:
        yield Effect(f"create {name} without an expiry")
    elif context.between is None:
        yield _fails(f"fail to read and write {name}: they need its expiry")


_EFFECTS: dict[type[Change], Callable[[Any, _Context], Found]] = {
    field_changes.AddedField: _added_field,
    field_changes.ChangedComputed: _changed_computed,
    field_changes.ChangedMembers: _changed_members,
    field_changes.ChangedNullability: _changed_nullability,
    field_changes.ChangedType: _changed_type,
    field_changes.RemovedField: _removed_field,
    field_changes.RenamedField: _renamed_field,
    ChangedShape: _changed_shape,
    table_changes.AddedConstraint: _added_constraint,
    table_changes.AddedIndex: _added_index,
    table_changes.ChangedHiddenColumns: _changed_hidden,
    table_changes.RemovedEntity: _removed_entity,
    table_changes.RenamedEntity: _renamed_entity,
}
