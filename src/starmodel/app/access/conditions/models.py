"""The fields and relations of a class, as the paths of access rules name them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from starmodel.app.access.conditions.condition import Step
from starmodel.core.classes.foreign_keys import by_field, foreign_keys
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.relations import resolve
from starmodel.core.definition.table_names import full_name
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.relations import relations_of

Path = tuple[str, ...]


class RuleModel:
    """Resolves the paths of rules that start at one class.

    Shapes: known has the entity classes of the application by name.
    """

    def __init__(self, cls: type[Entity], known: Mapping[str, type[Entity]]) -> None:
        self.cls, self._known = cls, known
        self._found: dict[Path, tuple[tuple[Step, ...], type[Entity], str]] = {}

    @classmethod
    def of(cls, entity_type: EntityType) -> RuleModel:
        return cls(entity_type.cls, entity_type.known)

    def locate(self, path: Path) -> tuple[tuple[Step, ...], type[Entity], str]:
        """The steps to the record that has the field, its class, and the field.

        Raises: ConfigurationError, naming what is unknown and the nearest name.
        """
        found = self._found.get(path)
        if found is None:
            found = self._found[path] = self._locate(path)
        return found

    def _locate(self, path: Path) -> tuple[tuple[Step, ...], type[Entity], str]:
        cls, steps = self.cls, []
        for name in path[:-1]:
            for step in self._steps(cls, name, path):
                steps.append(step)
                cls = step.target
        field = path[-1]
        if field in cls.__entity__.fields:
            return tuple(steps), cls, field
        relations = self._relations(cls)
        if field in relations:
            raise ConfigurationError(
                f"{_shown(path)}: {cls.__name__}.{field} is a relation. Continue with a field of "
                f"{relations[field][-1].target.__name__}, such as {_shown(path)}.id."
            )
        raise _unknown(path, field, cls, cls.__entity__.fields)

    def _steps(self, cls: type[Entity], name: str, path: Path) -> tuple[Step, ...]:
        relations = self._relations(cls)
        if name in relations:
            return relations[name]
        if name in cls.__entity__.fields:
            raise ConfigurationError(
                f"{_shown(path)}: {cls.__name__}.{name} is no foreign key to an entity of this "
                f"application, so {path[path.index(name) + 1]!r} can't follow it."
            )
        raise _unknown(path, name, cls, relations, "relation")

    def _relations(self, cls: type[Entity]) -> dict[str, tuple[Step, ...]]:
        """The steps of each relation: foreign keys with and without "_id", and relationships."""
        tables = {full_name(each): each for each in self._known.values()}
        found: dict[str, tuple[Step, ...]] = {}
        for key in foreign_keys(cls):
            target = tables.get(key.table)
            if target is None:
                continue
            step = Step(key.field, target, by_field(key, target).column)
            found[key.field] = (step,)
            if key.field.endswith("_id") and len(key.field) > 3:
                found.setdefault(key.field[:-3], (step,))
        for name, relation in relations_of(cls).items():
            made = resolve(cls, relation, self._known)
            if made.link is None:
                found[name] = (Step(made.local, made.target, made.remote),)
            else:
                found[name] = (
                    Step(made.local, made.link, made.link_local),
                    Step(made.link_remote, made.target, made.remote),
                )
        return found


@lru_cache(maxsize=4096)
def kinds_of(cls: type[Entity], field: str) -> list[Any]:
    """The types of a field, without None."""
    return plain_types(cls.__pydantic_fields__[field].annotation)


def _unknown(
    path: Path, name: str, cls: type[Entity], names: Iterable[str], what: str = "field"
) -> ConfigurationError:
    names = list(names)
    near = difflib.get_close_matches(name, names, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(names) or 'none'}."
    return ConfigurationError(f"{_shown(path)}: {cls.__name__} has no {what} {name!r}. {hint}")


def _shown(path: Path) -> str:
    return ".".join(("record", *path))
