"""The developer's answers to the questions of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from starmodel.migrations.steps.values import UNSET

Ref = str
"""The name of an entity ("Product") or of its field ("Product.price")."""


@dataclass(frozen=True)
class Answers:
    """Answers by the name that they concern, before or after a renaming.

    Shapes: renames are new names without the entity; splits are paths by new field, empty for
    those of the same names; fills are values for existing rows, as JSON, or functions of a row;
    drops are removed fields and entities that were not renamed; conversions are the values for
    rows that don't fit a new type (UNSET: such rows stop the migration); replacements are new
    members by removed ones; unused are removed members that no row has; restores are new fields
    that get the values of a former one, or False for those that don't.
    """

    renames: Mapping[Ref, str] = field(default_factory=dict)
    splits: Mapping[Ref, Mapping[str, str]] = field(default_factory=dict)
    fills: Mapping[Ref, Any] = field(default_factory=dict)
    drops: Mapping[Ref, bool] = field(default_factory=dict)
    conversions: Mapping[Ref, Any] = field(default_factory=dict)
    replacements: Mapping[Ref, Mapping[str, Any]] = field(default_factory=dict)
    unused: Mapping[Ref, frozenset[str]] = field(default_factory=dict)
    restores: Mapping[Ref, bool] = field(default_factory=dict)

    def fill_of(self, refs: Iterable[Ref]) -> Any:
        """Return the value for existing rows; UNSET without one."""
        return _first(self.fills, refs, UNSET)

    def is_dropped(self, refs: Iterable[Ref]) -> bool:
        return bool(_first(self.drops, refs, False))

    def is_restored(self, refs: Iterable[Ref]) -> bool | None:
        """Return whether a field gets the values of a former one; None without an answer."""
        return _first(self.restores, refs, None)  # type: ignore[no-any-return]

    def split_of(self, refs: Iterable[Ref]) -> Mapping[str, str] | None:
        return _first(self.splits, refs, None)  # type: ignore[no-any-return]

    def converts(self, refs: Iterable[Ref]) -> bool:
        return any(ref in self.conversions for ref in refs)

    def conversion_of(self, refs: Iterable[Ref]) -> Any:
        return _first(self.conversions, refs, UNSET)

    def replacements_of(self, refs: Iterable[Ref]) -> Mapping[str, Any]:
        return _first(self.replacements, refs, {})  # type: ignore[no-any-return]

    def unused_of(self, refs: Iterable[Ref]) -> frozenset[str]:
        return _first(self.unused, refs, frozenset())  # type: ignore[no-any-return]

    def also(self, **added: Mapping[Ref, Any]) -> Answers:
        """Return the answers with more of them; members of one field are joined."""
        return replace(
            self,
            **{name: _joined(getattr(self, name), values) for name, values in added.items()},
        )

    def joined(self, other: Answers) -> Answers:
        """Return both answers; the other's where they contradict each other."""
        return self.also(**{each.name: getattr(other, each.name) for each in fields(other)})

    def __iter__(self) -> Iterator[tuple[str, Ref]]:
        """Yield the kind and the name of each answer."""
        for each in fields(self):
            for ref in getattr(self, each.name):
                yield each.name, ref


def _first(answers: Mapping[Ref, Any], refs: Iterable[Ref], default: Any) -> Any:
    return next((answers[ref] for ref in refs if ref in answers), default)


def _joined(old: Mapping[Ref, Any], new: Mapping[Ref, Any]) -> Mapping[Ref, Any]:
    return {**old, **{ref: _both(old.get(ref), value) for ref, value in new.items()}}


def _both(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **new}
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        return old | new
    return new
