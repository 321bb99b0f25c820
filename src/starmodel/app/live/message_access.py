"""The access policy for bus messages that are delivered to open pages."""

from __future__ import annotations

from starmodel.app.access.decisions import check
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.messages import Changed
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.classes.registry import Registry
from starmodel.core.errors import StarModelError
from starmodel.core.snapshot import version_of


class MessageAccess:
    """Decides whether the actor of a stream may receive a change, for policies that read fields."""

    def __init__(
        self, registry: Registry, persistence: PersistenceManager, policy: AccessPolicy
    ) -> None:
        self._registry, self._persistence, self._policy = registry, persistence, policy

    async def may_see(
        self, message: Changed, actor: Actor | None, policy: AccessPolicy | None = None
    ) -> bool | None:
        """Whether the actor may read the entity at the version of the message.

        Shapes: policy decides, None for the application's.
        None if a newer version is stored: its message follows, and is decided then.
        """
        entity_type, policy = self._registry.named(message.entity), policy or self._policy
        if not policy.reads_fields(entity_type):  # access to the class is decided at the start
            return True
        repository = self._persistence.for_class(entity_type.cls)
        entity = await repository.get(entity_type.cls, message.id)
        if entity is None and entity_type.is_record:
            return False  # deleted since; that message follows
        if entity is not None and version_of(entity) > message.version:
            return None
        entity = default_snapshot(entity_type.cls, message.id) if entity is None else entity
        try:
            await check(policy, entity_type, "read", actor, entity=entity)
        except StarModelError:
            return False
        return True
