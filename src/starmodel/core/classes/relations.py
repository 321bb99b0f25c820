"""Relations of entity classes, resolved from their foreign keys and annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starmodel.core.classes.foreign_keys import ForeignKey, by_field, foreign_keys, full_name
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.relations import Relation

_MANY = re.compile(r"^(?:typing\.)?(?:list|List|Sequence)\b")


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
    words = re.findall(r"\w+", relation.annotation)
    target = next((known[word] for word in reversed(words) if word in known), None)
    if target is None:
        raise ConfigurationError(
            f"{where} is {relation.annotation}, which names no entity of this application; it "
            f"has {', '.join(known)}."
        )
    many = _MANY.match(relation.annotation) is not None
    if relation.link_model is not None:
        link = relation.link_model
        link = known.get(link, link) if isinstance(link, str) else link
        here, there = _through(where, link, cls, target, relation.foreign_key)
        return Resolved(
            relation, target, here.column, there.column, True, link, here.field, there.field
        )
    if many:
        key = _only(where, target, cls, relation.foreign_key)
        return Resolved(relation, target, key.column, key.field, True)
    key = _only(where, cls, target, relation.foreign_key)
    return Resolved(relation, target, key.field, key.column, False)


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
    if len(found) != 1:
        many = "several foreign keys" if found else "no foreign key"
        raise ConfigurationError(
            f"{where} needs one field of {holder.__name__} with foreign_key='{table}.…', and there "
            f"are {many}{f' named {field!r}' if field else ''}. Declare it, or name the one meant: "
            "Relationship(foreign_key=…)."
        )
    return by_field(found[0], target)


def dependents(classes: Iterable[type[Entity]]) -> dict[type[Entity], list[Any]]:
    """The foreign keys to each class that have ON DELETE CASCADE or SET NULL."""
    by_table = {full_name(cls): cls for cls in classes}
    by_parent: dict[type[Entity], list[tuple[type[Entity], ForeignKey]]] = {}
    for cls in by_table.values():
        for key in foreign_keys(cls):
            if key.rule in ("CASCADE", "SET NULL") and key.table in by_table:
                target = by_table[key.table]
                by_parent.setdefault(target, []).append((cls, by_field(key, target)))
    return by_parent
