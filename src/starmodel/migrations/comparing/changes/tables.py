"""Changes of entities and their tables, each with a sentence for the developer."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Change
from starmodel.migrations.comparing.changes.words import listed
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    Constraint,
    EntityDefinition,
    IndexDefinition,
    Kept,
    UniqueDefinition,
)

EXPIRES = "_expires_at"


@dataclass(frozen=True)
class EntityChange(Change):
    """A change of an entity that exists before and after."""

    before: EntityDefinition
    after: EntityDefinition


@dataclass(frozen=True)
class AddedEntity(Change):
    """A new class. Shapes: kept are the rows of a former class of its name; None without any."""

    entity: EntityDefinition
    kept: Kept | None = None

    def title(self) -> str:
        return f"Create {self.entity.name}"

    def details(self, answers: Answers) -> str:
        if self.entity.external:
            return f" (the table {self.entity.table!r} of another program, which stays as it is)"
        names = [field.name for field in self.entity.fields]
        former = ""
        if self.kept is not None:
            former = f"; the rows of a former {self.entity.name} stay aside in {self.kept.name}"
        return f" ({listed(names)}){former}"


@dataclass(frozen=True)
class RemovedEntity(Change):
    entity: EntityDefinition

    @property
    def refs(self) -> tuple[str, ...]:
        return (self.entity.name,)

    def title(self) -> str:
        return f"Remove {self.entity.name}"

    def details(self, answers: Answers) -> str:
        if self.entity.external:
            return f"; the table {self.entity.table!r} of another program stays as it is"
        return "; its rows are kept aside until starmodel migrate --purge"


@dataclass(frozen=True)
class RenamedEntity(EntityChange):
    """Another class name, table or database schema. The table may stay the same."""

    def title(self) -> str:
        if self.before.name != self.after.name:
            return f"Rename {self.before.name} to {self.after.name}"
        return f"Rename the table of {self.after.name} to {self.after.table}"

    def details(self, answers: Answers) -> str:
        if self.before.table == self.after.table or self.before.name == self.after.name:
            return ""
        return f"; its table {self.before.table} becomes {self.after.table}"


@dataclass(frozen=True)
class ChangedPrimaryKey(EntityChange):
    """Another primary key, which no step can change."""

    def title(self) -> str:
        return f"Change the primary key of {self.after.name}"

    def details(self, answers: Answers) -> str:
        return f" from {listed(self.before.primary_key)} to {listed(self.after.primary_key)}"


@dataclass(frozen=True)
class ChangedHiddenColumns(EntityChange):
    """The columns of versions and of expiry, which the `ttl` of a class adds or removes."""

    def title(self) -> str:
        name = self.after.name
        if self.before.can_expire != self.after.can_expire:
            return f"Let rows of {name} {'expire' if self.after.can_expire else 'never expire'}"
        return f"{'Keep' if self.after.versioned else 'Keep no'} versions of the rows of {name}"


@dataclass(frozen=True)
class ChangedTableComment(EntityChange):
    def title(self) -> str:
        return f"Change the comment of the table of {self.after.name}"


@dataclass(frozen=True)
class ChangedOwner(EntityChange):
    """The table becomes that of another program, or StarModel's."""

    @property
    def needs_step(self) -> bool:
        return False

    def title(self) -> str:
        if self.after.external:
            return f"Leave the table of {self.after.name} to another program"
        return f"Take over the table of {self.after.name} from another program"


@dataclass(frozen=True)
class ChangedOptions(EntityChange):
    """Other options of CREATE TABLE, such as `mysql_engine`."""

    @property
    def needs_step(self) -> bool:
        return False

    def title(self) -> str:
        return f"Change the table options of {self.after.name}"

    def details(self, answers: Answers) -> str:
        return "; the table that exists keeps its own, which RunSql can change"


@dataclass(frozen=True)
class IndexChange(Change):
    entity: EntityDefinition
    index: IndexDefinition

    @property
    def is_said(self) -> bool:
        """The index on the hidden column of expiry comes and goes with the column."""
        return self.index.parts != (EXPIRES,)

    @property
    def _words(self) -> str:
        kind = "unique index" if self.index.unique else "index"
        return f"{kind} of {self.entity.name} on {listed(self.index.parts)}"


@dataclass(frozen=True)
class AddedIndex(IndexChange):
    def title(self) -> str:
        return f"Add the {self._words}"


@dataclass(frozen=True)
class RemovedIndex(IndexChange):
    def title(self) -> str:
        return f"Remove the {self._words}"


@dataclass(frozen=True)
class RenamedIndex(IndexChange):
    """Shapes: index is that before, renamed to new_name."""

    new_name: str

    def title(self) -> str:
        return f"Rename the index {self.index.name} to {self.new_name}"


@dataclass(frozen=True)
class ConstraintChange(Change):
    entity: EntityDefinition
    constraint: Constraint


@dataclass(frozen=True)
class AddedConstraint(ConstraintChange):
    def title(self) -> str:
        return f"Require of {self.entity.name} that {constraint_words(self.constraint)}"


@dataclass(frozen=True)
class RemovedConstraint(ConstraintChange):
    def title(self) -> str:
        return f"No longer require of {self.entity.name} that {constraint_words(self.constraint)}"


@dataclass(frozen=True)
class RenamedConstraint(ConstraintChange):
    """Shapes: constraint is that after."""

    def title(self) -> str:
        name = self.constraint.name
        return (
            f"Name a constraint of {self.entity.name} {name}"
            if name
            else f"Remove the name of a constraint of {self.entity.name}"
        )


def constraint_words(constraint: Constraint) -> str:
    """Describe a constraint as a clause.

    >>> constraint_words(UniqueDefinition(name=None, columns=("email",)))
    'email is unique'
    """
    if isinstance(constraint, UniqueDefinition):
        if len(constraint.columns) == 1:
            return f"{constraint.columns[0]} is unique"
        return f"{listed(constraint.columns)} are unique together"
    if isinstance(constraint, CheckDefinition):
        return constraint.condition
    target = f"{constraint.target}.{listed(constraint.target_columns)}"
    deleting = f" (on delete: {constraint.on_delete.lower()})" if constraint.on_delete else ""
    return f"{listed(constraint.columns)} refers to {target}{deleting}"
