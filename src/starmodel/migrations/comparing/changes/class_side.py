"""Changes of definitions that only the class enforces; the column is unchanged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.fields import FieldChange
from starmodel.migrations.comparing.changes.shapes import EACH, missing_parts
from starmodel.migrations.comparing.changes.words import listed, value_words
from starmodel.migrations.schema.definitions import FieldDefinition
from starmodel.migrations.steps.values import UNSET


@dataclass(frozen=True)
class ChangedDefault(FieldChange):
    @property
    def needs_step(self) -> bool:
        return False

    def title(self) -> str:
        field = self.after
        if field.column in self.entity.primary_key and field.has_default and field.default is None:
            return f"Number new records of {self.entity.name}"
        if field.default_factory:
            return f"Give new records a generated {self.name}"
        if not field.has_default:
            return f"Give new records no default for {self.name}"
        return f"Give new records {value_words(field.default, field)} as {self.name}"

    def details(self, answers: Answers) -> str:
        return "; stored records don't change"


@dataclass(frozen=True)
class ChangedBounds(FieldChange):
    @property
    def needs_step(self) -> bool:
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
    def needs_step(self) -> bool:
        return False

    @property
    def missing(self) -> list[str]:
        """The parts that every value needs now, and which stored values may lack."""
        return missing_parts(self.before.shape, self.after.shape)

    def title(self) -> str:
        return f"Change the shape of {self.name}"

    def details(self, answers: Answers) -> str:
        fills = [(part, answers.fill_of(self.part_refs(part))) for part in self.missing]
        given = [
            f"{part.replace(f'{EACH}.', '')} {value_words(fill)}"
            for part, fill in fills
            if fill is not UNSET
        ]
        return f"; values without them get {listed(given)}" if given else ""

    def part_refs(self, part: str) -> tuple[str, ...]:
        """Return each name by which an answer may call a part; that of a list may be left out."""
        short = part.replace(f"{EACH}.", "")
        names = (f"{ref}.{path}" for path in (part, short) for ref in self.refs)
        return tuple(dict.fromkeys(names))


def _bounds(field: FieldDefinition) -> dict[str, Any]:
    return {name: value for name, value in field.bounds.items() if name != "values"}


def _bound(bounds: dict[str, Any], name: str) -> str:
    return json.dumps(bounds[name]) if name in bounds else "none"
