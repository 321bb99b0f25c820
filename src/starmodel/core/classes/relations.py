"""Relations of entity classes, resolved from their foreign keys and annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from starmodel.core.classes.foreign_keys import ForeignKey, by_field, foreign_keys
from starmodel.core.definition.table_names import full_name
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import type_name
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.relations import Relation


@dataclass(frozen=True, slots=True)
class Resolved:
    """A relation with its columns.

    Shapes: the target's records have `remote` equal to this record's
    `local`; through a link class, its `link_local` equals `local` and its
    `link_remote` equals `remote`.
    """

    relation: Relation
    target: type[Entity]
    local: str
    remote: str
    many: bool
    link: type[Entity] | None = None
    link_local: str = ""
    link_remote: str = ""


def resolve(cls: type[Entity], relation: Relation, known: Mapping[str, type[Entity]]) -> Resolved:
    """Resolve a relation of a class. Raises: ConfigurationError, naming what is missing."""
    where = f"{cls.__name__}.{relation.name}"
    target = _target(where, relation, known)
    many = relation.is_many
    if relation.link_model is not None:
        link = relation.link_model
        link = known.get(link, link) if isinstance(link, str) else link
        here, there = _through(where, link, cls, target, relation.foreign_key)
        return Resolved(
            relation, target, here.column, there.column, True, link, here.field, there.field
        )
    if many:
        link = None if relation.foreign_key else _link(where, cls, target, known)
        if link is not None:
            here, there = _through(where, link, cls, target, "")
            return Resolved(
                relation, target, here.column, there.column, True, link, here.field, there.field
            )
        key = _only(where, target, cls, relation.foreign_key)
        return Resolved(relation, target, key.column, key.field, True)
    key = _only(where, cls, target, relation.foreign_key)
    if relation.is_implied:
        _check_key_type(where, cls, key, target)
    return Resolved(relation, target, key.field, key.column, False)


def _link(
    where: str, cls: type[Entity], target: type[Entity], known: Mapping[str, type[Entity]]
) -> type[Entity] | None:
    """The class that joins two others many to many, where the target has no key to `cls`.

    Raises: ConfigurationError, where several could.
    """
    if any(key.table == full_name(cls) for key in foreign_keys(target)):
        return None
    links = link_classes(cls, target, known)
    if len(links) > 1:
        names = ", ".join(link.__name__ for link in links)
        raise ConfigurationError(
            f"{where}: {names} each have foreign keys to {cls.__name__} and {target.__name__}. "
            f"Name the one meant: Relationship(link_model={links[0].__name__!r})."
        )
    return links[0] if links else None


def link_classes(
    cls: type[Entity], target: type[Entity], known: Mapping[str, type[Entity]]
) -> list[type[Entity]]:
    """The classes with foreign keys to both of two other classes."""
    tables = {full_name(cls), full_name(target)}
    return [
        each
        for each in known.values()
        if cls is not target and tables <= {key.table for key in foreign_keys(each)}
    ]


def _check_key_type(where: str, cls: type[Entity], key: ForeignKey, target: type[Entity]) -> None:
    """Raises: ConfigurationError, for a foreign key whose type is not that of the other id."""
    mine, theirs = (
        plain_types(owner.__pydantic_fields__[field].annotation)
        for owner, field in ((cls, key.field), (target, key.column))
    )
    if mine != theirs:
        name = type_name(target.__pydantic_fields__[key.column].annotation)
        raise ConfigurationError(
            f"{where} refers to {target.__name__}, whose {key.column} is {name}. Define "
            f"{target.__name__} before {cls.__name__}, or declare the foreign key: {key.field}: "
            f"{name} = Field(foreign_key='{key.table}.{key.column}')."
        )


def find_target(relation: Relation, known: Mapping[str, type[Entity]]) -> type[Entity] | None:
    """The class on the other side of a relation, None if the application does not have it."""
    if relation.target in known.values():
        return cast("type[Entity]", relation.target)
    words = re.findall(r"\w+", relation.annotation)
    return next((known[word] for word in reversed(words) if word in known), None)


def _target(where: str, relation: Relation, known: Mapping[str, type[Entity]]) -> type[Entity]:
    """The class on the other side. Raises: ConfigurationError, for a class that is no entity."""
    target = find_target(relation, known)
    if target is None:
        hint = (
            " A type that is no entity must be defined before the class."
            if relation.is_implied
            else ""
        )
        raise ConfigurationError(
            f"{where} is {relation.annotation}, which names no entity of this application; it "
            f"has {', '.join(known)}.{hint}"
        )
    return target


def _through(
    where: str, link: type[Entity], cls: type[Entity], target: type[Entity], field: str
) -> tuple[ForeignKey, ForeignKey]:
    """The link's key to this class and the one to the target.

    Shapes: field names one of them, "" none. Of two keys to one class, as
    in friends of friends, it is the one to the owner of the relation.
    """
    names = {key.field for key in foreign_keys(link) if key.table == full_name(cls)}
    here = _only(where, link, cls, field if cls is target or field in names else "")
    if cls is target:
        return here, _only(where, link, target, "", besides=here.field)
    return here, _only(where, link, target, "" if field in names else field)


def _only(
    where: str, holder: type[Entity], target: type[Entity], field: str, *, besides: str = ""
) -> ForeignKey:
    table = full_name(target)
    found = [
        k
        for k in foreign_keys(holder)
        if k.table == table and field in ("", k.field) and k.field != besides
    ]
    if len(found) > 1:
        names = ", ".join(repr(key.field) for key in found)
        raise ConfigurationError(
            f"{where} can follow several foreign keys of {holder.__name__}: {names}. Name the one "
            f"meant: Relationship(foreign_key={found[0].field!r})."
        )
    if not found:
        raise ConfigurationError(
            f"{where} needs one field of {holder.__name__} with foreign_key='{table}.…', and there "
            f"is no foreign key{f' named {field!r}' if field else ''}. Declare it, or name the one "
            "meant: Relationship(foreign_key=…)."
        )
    return by_field(found[0], target)


def referenced(classes: Iterable[type[Entity]]) -> dict[type[Entity], dict[str, type[Entity]]]:
    """The class whose id each foreign key refers to, by class and field."""
    by_table = {full_name(cls): cls for cls in classes}
    found: dict[type[Entity], dict[str, type[Entity]]] = {}
    for cls in by_table.values():
        for key in foreign_keys(cls):
            target = by_table.get(key.table)
            if target is not None and by_field(key, target).column == "id":
                found.setdefault(cls, {})[key.field] = target
    return found


Dependents = dict[type[Entity], list[tuple[type[Entity], ForeignKey]]]


def dependents(classes: Iterable[type[Entity]]) -> Dependents:
    """The foreign keys to each class that have an ON DELETE rule."""
    ruled: Dependents = {}
    for target, keys in referring(classes).items():
        kept = [pair for pair in keys if pair[1].rule in ("CASCADE", "SET NULL", "RESTRICT")]
        if kept:
            ruled[target] = kept
    return ruled


def referring(classes: Iterable[type[Entity]]) -> Dependents:
    """All foreign keys to each class, those without an ON DELETE rule too."""
    by_table = {full_name(cls): cls for cls in classes}
    by_parent: Dependents = {}
    for cls in by_table.values():
        for key in foreign_keys(cls):
            if key.table in by_table:
                target = by_table[key.table]
                by_parent.setdefault(target, []).append((cls, by_field(key, target)))
    return by_parent
