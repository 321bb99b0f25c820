"""The base class of changes, and all changes between two schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.schema.definitions import EntityDefinition, Schema

NO_ANSWERS = Answers()


@dataclass(frozen=True)
class Change:
    """One difference between two schemas."""

    @property
    def needs_step(self) -> bool:
        """False for what only the snapshot records, such as bounds."""
        return True

    @property
    def is_external(self) -> bool:
        """True when the table belongs to another program, which no step alters."""
        found = (getattr(self, name, None) for name in ("entity", "before", "after"))
        return any(isinstance(each, EntityDefinition) and each.external for each in found)

    @property
    def in_database(self) -> bool:
        """True when a step changes the database."""
        return self.needs_step and not self.is_external

    @property
    def is_said(self) -> bool:
        """False for a consequence of another change."""
        return True

    def title(self) -> str:
        """Return the change in a few words: "Add Product.colour"."""
        raise NotImplementedError

    def details(self, answers: Answers) -> str:
        """Return the rest of the sentence after the title; "" for none."""
        return ""

    def sentence(self, answers: Answers = NO_ANSWERS) -> str:
        return f"{self.title()}{self.details(answers)}."


@dataclass(frozen=True)
class Changes:
    """All differences, in the order in which a person reads them."""

    before: Schema
    after: Schema
    items: tuple[Change, ...]

    def __iter__(self) -> Iterator[Change]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def sentences(self, answers: Answers = NO_ANSWERS) -> list[str]:
        return [change.sentence(answers) for change in self.items if change.is_said]

    def titles(self) -> list[str]:
        return [change.title() for change in self.items if change.is_said]

    @property
    def in_database(self) -> bool:
        """True when a table has to change; otherwise the new snapshot is all."""
        return any(change.in_database for change in self.items)
