"""Which open lists a change may affect by way of computed fields, such as the total of lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from starmodel.app.ports.messages import Changed
from starmodel.app.queries.relations import Relations
from starmodel.core.classes.registry import Registry
from starmodel.core.commands import plain
from starmodel.core.entity import Entity


class Follow(NamedTuple):
    """Rows of one class have values that are computed from the records of another.

    Shapes: owner is the name of the class with the rows; a row is computed from the records whose
    `remote` equals its `local`, "" where a link class decides that; is_link is True for the
    records of the link class itself.
    """

    owner: str
    relation: str
    local: str
    remote: str
    is_link: bool

    def may_affect(self, message: Changed, rows: Iterable[Entity]) -> bool:
        """False only if the change certainly leaves the values of these rows as they are."""
        if self.is_link and message.state is None:
            return True  # of which record is unknown, and links are not loaded
        keys = _keys(message, self.remote)
        if keys is None:
            return True
        return any(self._is_of(row, keys, message.id) for row in rows)

    def _is_of(self, row: Entity, keys: set[str], id: Any) -> bool:
        """Whether a row is computed from the record, or was when it was read."""
        if str(plain(getattr(row, self.local))) in keys:
            return True
        try:
            loaded = row.__dict__[self.relation]
        except KeyError:
            return True
        if self.is_link or loaded is None:
            return False
        related = loaded if isinstance(loaded, list) else [loaded]
        return any(str(each.id) == str(id) for each in related)


def _keys(message: Changed, remote: str) -> set[str] | None:
    """The values of a field before and after a change; None if the message does not have it."""
    if not remote or message.state is None:
        return set()
    if remote not in message.state:  # a private field
        return None
    found = (message.state[remote], message.before.get(remote))
    return {str(value) for value in found if value is not None}


def follows(registry: Registry, relations: Relations) -> Mapping[str, list[Follow]]:
    """What lists follow besides their own records, by the name of the changed class."""
    found: dict[str, list[Follow]] = {}
    for entity_type in registry:
        read = entity_type.cls.__entity__.related_computed.values()
        for name in sorted({name for names in read for name in names}):
            made = relations.of(entity_type.cls, name)
            direct = "" if made.link else made.remote
            of_target = Follow(entity_type.name, name, made.local, direct, False)
            found.setdefault(registry[made.target].name, []).append(of_target)
            if made.link is not None:
                of_link = Follow(entity_type.name, name, made.local, made.link_local, True)
                found.setdefault(registry[made.link].name, []).append(of_link)
    return found
