"""Changes of fields and their columns, each of which says itself in one sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Change
from starmodel.migrations.comparing.changes.shapes import required_parts
from starmodel.migrations.comparing.changes.words import listed, members_of, type_words, value_words
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition
from starmodel.migrations.steps.values import UNSET


@dataclass(frozen=True)
class AddedField(Change):
    """Shapes: old_entity is the entity before, whose name may differ."""

    old_entity: EntityDefinition
    entity: EntityDefinition
    field: FieldDefinition

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
        if fill is UNSET:
            if field.nullable:
                fill = None
            elif field.has_default and field.default is not None:
                fill = field.default
            else:
                return f" ({words}, required)"
        return f" ({words}, {value_words(fill)} for the rows that exist)"


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
            old, new = str(self.before.type.name), str(self.after.type.name)
        return f"Change {self.name} from {old} to {new}"

    def details(self, answers: Answers) -> str:
        if not answers.converts(self.refs):
            return ""
        value = answers.conversion_of(self.refs)
        if value is UNSET:
            return "; rows whose values don't fit stop the migration before it begins"
        return f"; rows whose values don't fit get {value_words(value)}"


@dataclass(frozen=True)
class ChangedMembers(FieldChange):
    """Other members of an enum or values of a `Literal`."""

    @property
    def in_database(self) -> bool:
        """True where the column has a type of its members, or rows may have a removed one."""
        old, new = self.before.type, self.after.type
        is_native = new.kind == "enum" and new.name == "Enum"
        return bool(self.removed) or is_native or old.arguments != new.arguments

    @property
    def added(self) -> list[str]:
        old = members_of(self.before)
        return [member for member in members_of(self.after) if member not in old]

    @property
    def removed(self) -> list[str]:
        new = members_of(self.after)
        return [member for member in members_of(self.before) if member not in new]

    def title(self) -> str:
        parts = [f"also {listed(self.added)}"] if self.added else []
        parts += [f"no longer {listed(self.removed)}"] if self.removed else []
        if not parts:
            return f"Change the values or the order of the members of {self.name}"
        return f"Let {self.name} be {', '.join(parts)}"

    def details(self, answers: Answers) -> str:
        values = answers.replacements_of(self.refs)
        return "".join(f"; rows with {old} get {value_words(new)}" for old, new in values.items())


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
        return f"; rows without a value get {value_words(fill)}"


@dataclass(frozen=True)
class ChangedServerDefault(FieldChange):
    def title(self) -> str:
        new = self.after.server_default
        if new is None:
            return f"Remove the default of the column of {self.name}"
        return f"Give the column of {self.name} the default {new}"


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


@dataclass(frozen=True)
class ChangedDefault(FieldChange):
    @property
    def in_database(self) -> bool:
        return False

    def title(self) -> str:
        field = self.after
        if field.default_factory:
            return f"Give new records a generated {self.name}"
        if not field.has_default:
            return f"Give new records no default for {self.name}"
        return f"Give new records {value_words(field.default)} as {self.name}"

    def details(self, answers: Answers) -> str:
        return "; stored records don't change"


@dataclass(frozen=True)
class ChangedBounds(FieldChange):
    @property
    def in_database(self) -> bool:
        return False

    def title(self) -> str:
        old, new = _bounds(self.before), _bounds(self.after)
        names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
        changes = (f"{name} {_bound(new, name)} (was {_bound(old, name)})" for name in names)
        return f"Check {self.name} by {listed(changes)}"

    def details(self, answers: Answers) -> str:
        return "; stored records don't change"


@dataclass(frozen=True)
class ChangedShape(FieldChange):
    """Another shape of the JSON in a field."""

    @property
    def in_database(self) -> bool:
        return False

    @property
    def missing(self) -> list[str]:
        """The parts that every value needs now, and which stored values may lack."""
        return sorted(required_parts(self.after.shape) - required_parts(self.before.shape))

    def title(self) -> str:
        return f"Change the shape of {self.name}"

    def details(self, answers: Answers) -> str:
        fills = [(part, answers.fill_of(self.part_refs(part))) for part in self.missing]
        given = [f"{part} {value_words(fill)}" for part, fill in fills if fill is not UNSET]
        return f"; values without them get {listed(given)}" if given else ""

    def part_refs(self, part: str) -> tuple[str, ...]:
        return tuple(f"{ref}.{part}" for ref in self.refs)


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


def _bounds(field: FieldDefinition) -> dict[str, Any]:
    return {name: value for name, value in field.bounds.items() if name != "values"}


def _bound(bounds: dict[str, Any], name: str) -> str:
    return json.dumps(bounds[name]) if name in bounds else "none"
