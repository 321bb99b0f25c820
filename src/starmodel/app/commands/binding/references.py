"""Foreign keys in arguments: an unreadable record is rejected like a missing one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starmodel.app.access.decisions import check
from starmodel.app.access.disclosure import Viewer
from starmodel.app.access.policy import TRUSTED
from starmodel.app.commands.command import Command
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Filter, Query
from starmodel.core.classes.foreign_keys import ForeignKey, foreign_keys
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.definition.table_names import table_name
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, ConstraintError
from starmodel.texts.catalogue import Message


class References:
    """Checks foreign keys to records with a read policy."""

    def __init__(self, registry: Registry, persistence: PersistenceManager) -> None:
        self._registry, self._persistence = registry, persistence
        by_table = {table_name(entity_type.cls): entity_type for entity_type in registry}
        self._keys: dict[type[Entity], list[tuple[ForeignKey, EntityType]]] = {}
        for entity_type in registry:
            found = [
                (k, by_table[k.table]) for k in foreign_keys(entity_type.cls) if k.table in by_table
            ]
            if found:
                self._keys[entity_type.cls] = found

    def has(self, cls: type[Entity]) -> bool:
        """Whether the class has a foreign key to an entity of the application."""
        return cls in self._keys

    async def read_together(self, commands: Iterable[Command]) -> None:
        """Read the records that several commands refer to, by one query for each foreign key.

        `check` then finds them in the commands.
        """
        by_class: dict[type[Entity], list[Command]] = {}
        for command in commands:
            if command.entity_type.cls in self._keys and command.actor is not TRUSTED:
                by_class.setdefault(command.entity_type.cls, []).append(command)
        for cls, similar in by_class.items():
            read: dict[str, dict[Any, Entity]] = {}
            for key, target in self._keys[cls]:
                given = {each.arguments.get(key.field) for each in similar} - {None}
                if len(given) < 2 or await self._reads_all(target, similar[0]):
                    continue
                among = (Filter(key.column, "in", sorted(given, key=str)),)
                found = await self._persistence.for_class(target.cls).list(
                    Query(target.cls, among, limit=len(given))
                )
                read[key.field] = {getattr(entity, key.column): entity for entity in found}
            for command in similar:
                command.referred = read

    async def check(
        self, command: Command, fields: Mapping[str, Any], before: Entity | None
    ) -> None:
        """Check that the actor may read each record that a changed foreign key refers to.

        Where the policy restricts reading, missing and unreadable records
        raise the same error.

        Shapes: before is the stored entity, None for a new one.
        Raises: ConstraintError.
        """
        if command.actor is TRUSTED:
            return
        viewer = Viewer(self._registry, command.policy, command.actor)
        for key, target in self._keys.get(command.entity_type.cls, ()):
            value = fields.get(key.field)
            if value is None or value == getattr(before, key.field, None):
                continue
            if await self._reads_all(target, command):
                continue
            found = await self._found(command, key, target, value)
            if found is None or not await viewer.may_read(found):
                title = command.entity_type.cls.__entity__.fields[key.field].title
                problem = Message("value.no_record", title=title)
                raise ConstraintError(
                    Message("constraint.refused", title=command.entity_type.title, reason=problem),
                    {key.field: problem},
                )

    async def _found(
        self, command: Command, key: ForeignKey, target: EntityType, value: Any
    ) -> Entity | None:
        if key.field in command.referred:
            return command.referred[key.field].get(value)
        found = await self._persistence.for_class(target.cls).list(
            Query(target.cls, (Filter(key.column, "eq", value),), limit=1)
        )
        return found[0] if found else None

    async def _reads_all(self, entity_type: EntityType, command: Command) -> bool:
        """Whether the read policy of the class allows this actor every record."""
        if command.policy.reads_fields(entity_type):
            return False
        try:
            await check(command.policy, entity_type, "read", command.actor)
        except AccessDeniedError:
            return False
        return True
