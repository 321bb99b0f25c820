"""Lists of open pages follow the titles of related records that they show.

An order's list shows the name of its customer; a change of the customer is no message of the
class of orders.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from starmodel.app.access.expressions.reads import every_field, read_fields_of
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.live.live_lists import LiveLists
from starmodel.app.ports.messages import Changed
from starmodel.app.queries.shown_fields import shown_related
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.classes.titles import title_names
from starmodel.core.entity import Entity

MAX_PENDING = 1000  # with more, each list that shows a title of the class is queried again


class TitleChanges:
    """Queries lists again when a title that they show has changed, or who may read it.

    Shapes: references has the classes that each class refers to; policies are those of all areas.
    """

    def __init__(
        self,
        registry: Registry,
        references: Mapping[str, Iterable[EntityType]],
        policies: Iterable[AccessPolicy],
        lists: LiveLists,
    ) -> None:
        self._registry, self._lists = registry, lists
        self._showing: dict[str, list[str]] = {}  # by the class of the titles
        for name, targets in references.items():
            for target in {target.name: target for target in targets}.values():
                self._showing.setdefault(target.name, []).append(name)
        self._fields: dict[str, set[str]] = {name: set() for name in self._showing}
        for path in (p for name in references for p in shown_related(registry.named(name))):
            read = {path.field} if path.is_stored else every_field(path.target)
            self._fields.setdefault(registry[path.target].name, set()).update(read)
        self._rules: dict[str, dict[type[Entity], frozenset[str]]] = {}
        for policy in policies:
            for name in self._showing:
                self._note_rule(registry.named(name), policy)
        self._pending: dict[tuple[str, Any], None] = {}
        self._task: asyncio.Task[None] | None = None

    def _note_rule(self, target: EntityType, policy: AccessPolicy) -> None:
        """Note the fields that the title and its read access depend on."""
        reads, names = read_fields_of(policy, target), title_names(target.cls)
        is_stored = set(names) <= target.cls.__entity__.fields.keys()
        self._fields[target.name] |= set(names) if is_stored else every_field(target.cls)
        self._fields[target.name] |= reads.own
        for cls, fields in reads.related.items():
            other = self._registry.get(cls)
            if other is not None:
                rules = self._rules.setdefault(other.name, {})
                rules[target.cls] = rules.get(target.cls, frozenset()) | frozenset(fields)

    @property
    def is_needed(self) -> bool:
        """Whether any class refers to records of another."""
        return bool(self._showing)

    def is_watched(self, topic: str) -> bool:
        """Whether an open list may show a title that depends on the topic's entity."""
        name = topic.partition(":")[0]
        targets = [name, *(self._registry[cls].name for cls in self._rules.get(name, ()))]
        return any(
            self._lists.is_watched(showing)
            for target in targets
            for showing in self._showing.get(target, ())
        )

    async def deliver(self, message: Any) -> None:
        """Note the titles that the change may affect."""
        if not isinstance(message, Changed) or not self.is_watched(message.topic):
            return
        private = self._registry.named(message.entity).cls.__entity__.private
        changed = {*message.fields, *private}  # messages do not name private fields
        if message.entity in self._showing and (
            message.kind != "updated" or not changed.isdisjoint(self._fields[message.entity])
        ):
            self._note(message.entity, message.id)
        elif message.entity in self._showing:
            cls = self._registry.named(message.entity).cls
            if any(self._lists.compares(n, cls, changed) for n in self._showing[message.entity]):
                self._note(message.entity, message.id)
        for cls, fields in self._rules.get(message.entity, {}).items():
            if message.kind != "updated" or not changed.isdisjoint(fields):
                self._note(self._registry[cls].name, None)
        if self._pending and self.settled:
            self._task = asyncio.create_task(self._refresh())

    def _note(self, name: str, id: Any) -> None:
        self._pending[(name, id) if len(self._pending) < MAX_PENDING else (name, None)] = None

    async def _refresh(self) -> None:
        while self._pending:
            (name, id), _ = self._pending.popitem()
            cls = self._registry.named(name).cls
            for showing in self._showing[name]:
                await self._lists.refresh_showing(showing, cls, id)

    @property
    def settled(self) -> bool:
        """True when no list is being found."""
        return self._task is None or self._task.done()

    async def close(self) -> None:
        """Cancel the background task."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
