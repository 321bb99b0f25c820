"""Open questions of a comparison, each answered by a flag or on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.changes.class_side import ChangedShape
from starmodel.migrations.comparing.changes.fields import (
    AddedField,
    ChangedMembers,
    ChangedNullability,
    ChangedType,
    RemovedField,
)
from starmodel.migrations.comparing.changes.shapes import EACH
from starmodel.migrations.comparing.changes.tables import AddedEntity, RemovedEntity
from starmodel.migrations.comparing.changes.words import listed, members_of, type_words
from starmodel.migrations.comparing.compatible import (
    always_fits,
    could_be_renamed,
    could_be_same,
    is_likely_renamed,
    similarity,
)
from starmodel.migrations.comparing.splitting import always_filled, split_parts
from starmodel.migrations.comparing.values import example_of, expected_words
from starmodel.migrations.schema.definitions import FieldDefinition
from starmodel.migrations.steps.values import UNSET


@dataclass(frozen=True)
class Question:
    """One question, and the flags that answer it.

    Shapes: ref is the name that the answer is for; text is one or two sentences; assumed is the
    answer of the first flag, with any value.
    """

    ref: str
    text: str

    @property
    def flags(self) -> list[tuple[str, str]]:
        """Return each answer as a flag, with what it means."""
        raise NotImplementedError

    @property
    def assumed(self) -> Answers:
        raise NotImplementedError


@dataclass(frozen=True)
class RemovedQuestion(Question):
    """Was something renamed, split or removed?

    Shapes: renames are the names of additions that it may have become, the likeliest first; split
    are the paths of its parts by the new fields that may hold them; is_likely, the first renaming
    is more likely than a removal.
    """

    renames: tuple[str, ...]
    split: Mapping[str, str]
    is_likely: bool = True

    @property
    def flags(self) -> list[tuple[str, str]]:
        found = [(f"--rename {self.ref}={new}", f"it is {new} now") for new in self.renames]
        if self.split:
            found.append((f"--split {self.ref}", f"its parts are in {listed(self.split)} now"))
        dropped = (f"--drop {self.ref}", "it is removed; its data is kept aside")
        return [*found, dropped] if self.split or self.is_likely else [dropped, *found]

    @property
    def assumed(self) -> Answers:
        if self.renames and self.is_likely:
            return Answers(renames={self.ref: self.renames[0]})
        return Answers(splits={self.ref: {}}) if self.split else Answers(drops={self.ref: True})


@dataclass(frozen=True)
class FillQuestion(Question):
    """Which value do the rows that exist get? Shapes: field is None for a part of JSON."""

    field: FieldDefinition | None

    @property
    def expected(self) -> str:
        return "JSON" if self.field is None else expected_words(self.field)

    @property
    def flags(self) -> list[tuple[str, str]]:
        value = "VALUE" if self.field is None else example_of(self.field)
        return [(f"--fill {self.ref}={value}", self.expected)]

    @property
    def assumed(self) -> Answers:
        return Answers(fills={self.ref: None})


@dataclass(frozen=True)
class RestoreQuestion(Question):
    """Does a field that comes back get the values that were kept aside?"""

    @property
    def flags(self) -> list[tuple[str, str]]:
        return [
            (f"--restore {self.ref}", "its former values come back"),
            (f"--anew {self.ref}", "it begins anew; they stay aside"),
        ]

    @property
    def assumed(self) -> Answers:
        return Answers(restores={self.ref: True})


@dataclass(frozen=True)
class ConvertQuestion(Question):
    """What becomes of stored values that don't fit?

    Shapes: field is that after; is_key, rows can't share one value.
    """

    field: FieldDefinition
    is_key: bool = False

    @property
    def flags(self) -> list[tuple[str, str]]:
        stops = (f"--convert {self.ref}", "stop before anything runs if a value doesn't fit")
        if self.is_key:
            return [stops]
        value = f"--convert {self.ref}={example_of(self.field)}"
        return [stops, (value, "the value of rows that don't fit")]

    @property
    def assumed(self) -> Answers:
        return Answers(conversions={self.ref: UNSET})


@dataclass(frozen=True)
class MemberQuestion(Question):
    """Which member replaces a removed one?

    Shapes: field is that after; likely is the member that it may have become.
    """

    member: str
    field: FieldDefinition
    likely: str

    @property
    def flags(self) -> list[tuple[str, str]]:
        name = f"{self.ref}.{self.member}"
        return [
            (f"--replace {name}={self.likely}", "the value that its rows get"),
            (f"--unused {name}", "no row has it; otherwise stop before anything runs"),
        ]

    @property
    def assumed(self) -> Answers:
        return Answers(replacements={self.ref: {self.member: None}})


def open_questions(changes: Changes, answers: Answers) -> list[Question]:
    """Return the unanswered questions. Answers about renamings change the others.

    Shapes: empty, once `plan` can be called.
    """
    return [
        *_removed_entities(changes, answers),
        *_removed_fields(changes, answers),
        *_other(changes, answers),
    ]


def _removed_entities(changes: Changes, answers: Answers) -> Iterator[Question]:
    added = [change.entity for change in changes if isinstance(change, AddedEntity)]
    for change in changes:
        if not isinstance(change, RemovedEntity) or change.entity.external:
            continue
        if answers.is_dropped(change.refs):
            continue
        name = change.entity.name
        same = [each.name for each in added if could_be_same(change.entity, each)]
        names = tuple(sorted(same, key=lambda new: -similarity(change.entity.name, new)))
        new = f", and {listed(names)} {'are' if len(names) > 1 else 'is'} new" if names else ""
        asked = "Was it renamed?" if names else "Remove it?"
        yield RemovedQuestion(name, f"The class {name} is gone{new}. {asked}", names, {})


def _removed_fields(changes: Changes, answers: Answers) -> Iterator[Question]:
    for change in changes:
        if not isinstance(change, RemovedField) or change.entity.external:
            continue
        if answers.is_dropped(change.refs) or change.field.computed is not None:
            continue
        if answers.split_of(change.refs) is not None:
            continue
        ref, old = change.refs[0], change.field
        added = [field.field for field in _added(changes, change.entity.id)]
        could = [field for field in added if could_be_renamed(old, field)]
        could.sort(key=lambda field: -similarity(old.name, field.name))
        names = tuple(field.name for field in could)
        removed = sum(1 for each in _removed(changes, change.entity.id))
        likely = bool(could) and is_likely_renamed(old, could[0], removed, len(added))
        split = split_parts(old, added, {})
        gone = f"{ref} ({type_words(old)}) is gone"
        new = f", and {listed(names)} {'are' if len(names) > 1 else 'is'} new" if names else ""
        asked = "Remove it?"
        if split:
            asked = f"Was it split into {listed(split)}?"
        elif names:
            asked = "Was it renamed?"
        yield RemovedQuestion(ref, f"{gone}{new}. {asked}", names, split, likely)


def _other(changes: Changes, answers: Answers) -> Iterator[Question]:
    for change in changes:
        ref = getattr(change, "refs", ("",))[0]
        if getattr(getattr(change, "entity", None), "external", False):
            continue
        if isinstance(change, AddedField):
            restored = answers.is_restored(change.refs)
            if change.kept is not None and restored is None:
                text = (
                    f"{ref} is back. {change.kept.migration} removed a field of this name, whose "
                    "values are kept aside. Restore them?"
                )
                yield RestoreQuestion(ref, text)
            if change.has_value or answers.fill_of(change.refs) is not UNSET:
                continue
            if not always_filled(change, changes, answers):
                text = f"{ref} is new and required. Which value do the rows that exist get?"
                if restored:
                    text = f"{ref} is required. Which value do rows get that have no former one?"
                text += _uniqueness(change)
                yield FillQuestion(ref, text, change.field)
        elif isinstance(change, ChangedNullability) and not change.after.nullable:
            has_default = change.after.has_default and change.after.default is not None
            if not has_default and answers.fill_of(change.refs) is UNSET:
                text = f"{ref} is required now. Which value do rows without one get?"
                yield FillQuestion(ref, text, change.after)
        elif isinstance(change, ChangedType):
            if not always_fits(change.before, change.after) and not answers.converts(change.refs):
                old, new = type_words(change.before), type_words(change.after)
                text = f"{ref} changes from {old} to {new}, which may not fit stored values."
                is_key = change.after.column in change.entity.primary_key
                yield ConvertQuestion(ref, text, change.after, is_key)
        elif isinstance(change, ChangedMembers):
            settled = {*answers.replacements_of(change.refs), *answers.unused_of(change.refs)}
            for member in change.removed:
                if member not in settled:
                    text = f"{ref} can't be {member!r} any more. What do the rows with it get?"
                    likely = _likely_member(change, member)
                    yield MemberQuestion(ref, text, member, change.after, likely)
        elif isinstance(change, ChangedShape):
            for part in change.missing:
                if answers.fill_of(change.part_refs(part)) is UNSET:
                    name = part.replace(f"{EACH}.", "")
                    where = "" if name == part else " in each of its objects"
                    text = f"{ref} needs {name!r}{where} now. Which value do stored objects get?"
                    yield FillQuestion(f"{ref}.{part}", text, None)


def _likely_member(change: ChangedMembers, member: str) -> str:
    """Return the new member that a removed one may have become; otherwise the most similar one."""
    if len(change.removed) == len(change.added) == 1:
        return change.added[0]
    among = change.added or members_of(change.after)
    return max(among, key=lambda new: similarity(member, new), default="VALUE")


def _uniqueness(change: AddedField) -> str:
    """Return a sentence about a field whose values must differ by row; "" for another."""
    entity, column = change.entity, (change.field.column,)
    columns = [unique.columns for unique in entity.uniques]
    columns += [index.parts for index in entity.indexes if index.unique]
    if column not in columns or change.field.type.kind == "uuid":
        return ""
    return (
        " It is unique, so one value fits one row. For several rows, add it without a unique "
        "constraint first, and fill it by RunData."
    )


def _removed(changes: Changes, entity: str) -> Iterator[RemovedField]:
    for change in changes:
        if isinstance(change, RemovedField) and change.entity.id == entity:
            yield change


def _added(changes: Changes, entity: str) -> Iterator[AddedField]:
    for change in changes:
        if isinstance(change, AddedField) and change.entity.id == entity:
            yield change
