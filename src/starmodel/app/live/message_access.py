"""The access policy for bus messages that are delivered to open pages."""

from __future__ import annotations

from starmodel.app.access.decisions import check
from starmodel.app.access.fields import OpenFields, readable_fields
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.messages import Changed, closed
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import StarModelError
from starmodel.core.snapshot import version_of


class MessageAccess:
    """Decides what the actor of a stream may see of a change, for classes with such rules."""

    def __init__(
        self, registry: Registry, persistence: PersistenceManager, policy: AccessPolicy
    ) -> None:
        self._registry, self._persistence, self._policy = registry, persistence, policy

    async def seen(
        self, message: Changed, actor: Actor | None, policy: AccessPolicy | None = None
    ) -> Changed | None:
        """The message as the actor may see it at its version; "closed" without read access.

        Shapes: policy decides, None for the application's.
        None if a newer version is stored: its message follows, and is decided then.
        """
        entity_type, policy = self._registry.named(message.entity), policy or self._policy
        reads_fields = policy.reads_fields(entity_type)  # else access to the class is decided
        fields = readable_fields(policy, entity_type, actor)
        if not (reads_fields or fields.depends_on_record):
            return message._replace(hidden=fields.closed) if fields.conditions else message
        repository = self._persistence.for_class(entity_type.cls)
        entity = await repository.get(entity_type.cls, message.id)
        if entity is None and entity_type.is_record:
            return closed(message)  # deleted since; that message follows
        if entity is not None and version_of(entity) > message.version:
            return None
        entity = default_snapshot(entity_type.cls, message.id) if entity is None else entity
        if reads_fields:
            try:
                await check(policy, entity_type, "read", actor, entity=entity)
            except StarModelError:
                return closed(message)
        return await for_viewer(message, fields, entity)


async def for_viewer(message: Changed, fields: OpenFields, entity: Entity) -> Changed:
    """The message without the fields that are closed to a viewer on this record.

    Where the record decides, the fields that were open before are unknown, so the message has
    the full state, and empties the closed ones.
    """
    if not fields.conditions:
        return message
    hidden = await fields.closed_on(entity)
    if not fields.depends_on_record:
        return message._replace(hidden=hidden)
    return message._replace(hidden=hidden, emptied=hidden - fields.closed, base=-1)
