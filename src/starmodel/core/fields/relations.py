"""`Relationship`, and the attribute that it becomes."""

from __future__ import annotations

import re
from typing import Any

from starmodel.core.errors import FrozenEntityError, NotLoadedError
from starmodel.core.fields.linked_records import LinkedRecords

_MANY = re.compile(r"^(?:typing\.)?(?:list|List|Sequence)\b")


class Relation:
    """An attribute that is filled on request: `objects.get(id, load=["lines"])`.

    Not stored, serialised, rendered or published. In an event, a relation to many records can be
    changed without being loaded.

    Shapes: is_implied is True for a relation that is declared by its type alone; target is the
    class, None where only its name is known at the definition.
    """

    def __init__(self, foreign_key: str, link_model: Any, order: str) -> None:
        self.foreign_key, self.link_model, self.order = foreign_key, link_model, order
        self.owner, self.name, self.annotation = "", "", ""
        self.is_implied = False
        self.target: type[Any] | None = None

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        try:
            return object.__getattribute__(instance, "__dict__")[self.name]
        except KeyError:
            not_loaded = NotLoadedError(
                f"{self.owner}.{self.name} was not loaded. Ask for it: "
                f"{self.owner}.objects.get(id, load=[{self.name!r}]), or objects.list(load=…)."
            )
        linked = self._linked(instance, not_loaded)
        if linked is None:
            raise not_loaded
        return linked

    @property
    def is_many(self) -> bool:
        """Whether it is declared as a list of records."""
        return _MANY.match(self.annotation) is not None

    def _linked(self, instance: Any, not_loaded: Exception) -> LinkedRecords | None:
        """The relation of a draft of an event, to be changed; None elsewhere."""
        facts = getattr(instance, "_sm_facts", None)
        if facts is None or getattr(instance, "_sm_mode", False) or not self.is_many:
            return None
        return LinkedRecords(instance, self.name, facts.emitted, not_loaded)

    def __set__(self, instance: Any, value: Any) -> None:
        linked = self._linked(instance, NotLoadedError())
        if linked is not None:
            if not isinstance(value, LinkedRecords):  # `self.tags += …` has recorded its change
                linked.replace(value)
            return
        raise FrozenEntityError(
            f"{self.owner}.{self.name} can't be assigned: it follows from a foreign key. "
            "Change that in an event."
        )


def Relationship(  # noqa: N802 - the name users know from SQLModel
    *,
    back_populates: str | None = None,
    link_model: Any = None,
    foreign_key: str = "",
    order: str = "",
) -> Any:
    """The records on the other side of a foreign key: `lines: list["Line"] = Relationship()`.

    link_model: the entity whose two foreign keys join many records to many.
    foreign_key: the field to follow, where there are several; of a link to the
    same class, the one that names the owner of this relation.
    order: of the records, as in `objects.list(order=…)`.
    back_populates: accepted as in SQLModel and ignored; both sides follow from
    the foreign key.
    """
    return Relation(foreign_key, link_model, order)


def relations_of(cls: type[Any]) -> dict[str, Relation]:
    """The relations of a class and its bases, by name."""
    relations: dict[str, Relation] = {}
    for base in reversed(cls.__mro__):
        relations |= {
            name: value for name, value in vars(base).items() if isinstance(value, Relation)
        }
    return relations
