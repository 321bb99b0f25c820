"""Changes of fields and their columns, each with a sentence for the developer."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Change
from starmodel.migrations.comparing.changes.words import (
    listed,
    member_words,
    members_of,
    type_words,
    value_words,
)
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Kept
from starmodel.migrations.steps.values import UNSET

MEMBER_CHARS = 64


@dataclass(frozen=True)
class AddedField(Change):
    """A new field.

    Shapes: old_entity is the entity before, whose name may differ; kept are the values of a former
    field of its name and type, None without one.
    """

    old_entity: EntityDefinition
    entity: EntityDefinition
    field: FieldDefinition
    kept: Kept | None = None

    @property
    def refs(self) -> tuple[str, ...]:
        return refs_of(self.old_entity, self.entity, self.field, self.field)

    @property
    def has_value(self) -> bool:
        """True when rows that exist get a value without an answer."""
        field = self.field
        return (
            field.nullable
            or field.computed is not None
            or field.server_default is not None
            or (field.has_default and field.default is not None)
        )

    def title(self) -> str:
        return f"Add {self.entity.name}.{self.field.name}"

    def details(self, answers: Answers) -> str:
        words, field, fill = type_words(self.field), self.field, answers.fill_of(self.refs)
        if self.entity.external:
            return f" ({words})"
        if field.computed is not None:
            return f" ({words}, computed by the database)"
        if self.kept is not None and answers.is_restored(self.refs):
            return f" ({words}, with the values that {self.kept.migration} kept aside)"
        if fill is UNSET:
            if field.nullable:
                fill = None
            elif field.has_default and field.default is not None:
                fill = field.default
            else:
                return f" ({words}, required)"
        return f" ({words}, {value_words(fill, field)} for the rows that exist)"


@dataclass(frozen=True)
class RemovedField(Change):
    old_entity: EntityDefinition
    entity: EntityDefinition
    field: FieldDefinition

    @property
    def refs(self) -> tuple[str, ...]:
        return refs_of(self.old_entity, self.entity, self.field, self.field)

    def title(self) -> str:
        return f"Remove {self.entity.name}.{self.field.name}"

    def details(self, answers: Answers) -> str:
        if self.entity.external or self.field.computed is not None:
            return ""
        split = answers.split_of(self.refs)
        if split is not None:
            return "; its values go to the fields split from it, and it is kept aside"
        return "; its values are kept aside until starmodel migrate --purge"


@dataclass(frozen=True)
class FieldChange(Change):
    """A change of a field that exists before and after."""

    old_entity: EntityDefinition
    entity: EntityDefinition
    before: FieldDefinition
    after: FieldDefinition

    @property
    def name(self) -> str:
        return f"{self.entity.name}.{self.after.name}"

    @property
    def refs(self) -> tuple[str, ...]:
        return refs_of(self.old_entity, self.entity, self.before, self.after)


@dataclass(frozen=True)
class RenamedField(FieldChange):
    """Another name or column. The column may stay the same."""

    def title(self) -> str:
        if self.before.name != self.after.name:
            return f"Rename {self.entity.name}.{self.before.name} to {self.after.name}"
        return f"Rename the column of {self.name} to {self.after.column}"


@dataclass(frozen=True)
class ChangedType(FieldChange):
    def title(self) -> str:
        old, new = type_words(self.before), type_words(self.after)
        if old == new:
            return f"Change the column type of {self.name}"
        return f"Change {self.name} from {old} to {new}"

    def details(self, answers: Answers) -> str:
        if not answers.converts(self.refs):
            return ""
        value = answers.conversion_of(self.refs)
        if value is UNSET:
            return "; rows whose values don't fit stop the migration before it begins"
        return f"; rows whose values don't fit get {value_words(value, self.after)}"


@dataclass(frozen=True)
class ChangedMembers(FieldChange):
    """Other members of an enum or values of a `Literal`."""

    @property
    def needs_step(self) -> bool:
        """True where the column's type has its members, or rows may have a removed one.

        Names of members are stored in columns of at least MEMBER_CHARS characters.
        """
        old, new = self.before.type, self.after.type
        longest = [max(map(len, each.values), default=0) for each in (old, new)]
        is_longer = longest[1] > max(longest[0], MEMBER_CHARS)
        return bool(self.removed) or bool(new.texts) or old.texts != new.texts or is_longer

    @property
    def added(self) -> list[str]:
        old = members_of(self.before)
        return [member for member in members_of(self.after) if member not in old]

    @property
    def removed(self) -> list[str]:
        new = members_of(self.after)
        return [member for member in members_of(self.before) if member not in new]

    def title(self) -> str:
        added = member_words(self.after, self.added)
        removed = member_words(self.before, self.removed)
        parts = [f"also be {listed(added)}"] if added else []
        parts += [f"no longer be {listed(removed)}"] if removed else []
        if not parts:
            return f"Change the values or the order of the members of {self.name}"
        return f"Let {self.name} {' and '.join(parts)}"

    def details(self, answers: Answers) -> str:
        values = answers.replacements_of(self.refs)
        return "".join(
            f"; rows with {member_words(self.before, [old])[0]} get {value_words(new, self.after)}"
            for old, new in values.items()
        )


@dataclass(frozen=True)
class ChangedNullability(FieldChange):
    def title(self) -> str:
        return f"Let {self.name} be empty" if self.after.nullable else f"Require {self.name}"

    def details(self, answers: Answers) -> str:
        fill = answers.fill_of(self.refs)
        if fill is UNSET and self.after.has_default:
            fill = self.after.default
        if self.after.nullable or fill is UNSET or fill is None:
            return ""
        return f"; rows without a value get {value_words(fill, self.after)}"


@dataclass(frozen=True)
class ChangedServerDefault(FieldChange):
    def title(self) -> str:
        new = self.after.server_default
        if new is None:
            return f"Remove the default of the column of {self.name}"
        return f"Give the column of {self.name} the default {new}"


@dataclass(frozen=True)
class ChangedNumbering(FieldChange):
    """Other options of GENERATED … AS IDENTITY or AUTO_INCREMENT."""

    def title(self) -> str:
        return f"Change how the database numbers {self.name}"


@dataclass(frozen=True)
class ChangedComputed(FieldChange):
    def title(self) -> str:
        if self.after.computed is None:
            return f"No longer compute {self.name} in the database"
        return f"Compute {self.name} as {self.after.computed}"


@dataclass(frozen=True)
class ChangedComment(FieldChange):
    def title(self) -> str:
        return f"Change the comment of the column of {self.name}"


def refs_of(
    old_entity: EntityDefinition,
    entity: EntityDefinition,
    before: FieldDefinition,
    after: FieldDefinition,
) -> tuple[str, ...]:
    """Return each name by which an answer may call a field, the present one first."""
    names = (
        f"{owner.name}.{field.name}" for owner in (entity, old_entity) for field in (after, before)
    )
    return tuple(dict.fromkeys(names))
