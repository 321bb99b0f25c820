"""Live streams: a snapshot of every topic, each later change, heartbeats and extended TTLs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.live.frames import Frames, snapshot_message
from starmodel.app.live.hub import Hub
from starmodel.app.live.live_lists import LiveLists
from starmodel.app.live.message_access import for_viewer
from starmodel.app.live.subscription import Subscription
from starmodel.app.live.topics import Topics
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.messages import Kind
from starmodel.app.ports.transport import Transport
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, NotFoundError
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import NOTHING, version_of

log = logging.getLogger("starmodel.streams")
SNAPSHOTS_PER_STEP = 16  # reads between two yields to the event loop


class Instance(Protocol):
    """`Application.instance`."""

    async def __call__(
        self, entity_type: EntityType, session: Session, id: Any, *, policy: AccessPolicy | None
    ) -> Entity: ...


class Streams:
    """Opens the streams of one process, for any frontend and transport.

    Shapes: instance reads an entity after the access check; id_of parses an
    id. Units: heartbeat_s is the seconds between heartbeats.
    """

    def __init__(
        self,
        hub: Hub,
        lists: LiveLists,
        registry: Registry,
        persistence: PersistenceManager,
        policy: AccessPolicy,
        instance: Instance,
        id_of: Callable[[type[Entity], Any], Any],
        *,
        heartbeat_s: float = 15.0,
    ) -> None:
        self._hub, self._lists, self._registry = hub, lists, registry
        self._persistence, self._policy = persistence, policy
        self._instance, self._id_of = instance, id_of
        self.heartbeat_s = heartbeat_s
        lifetimes = [entity_type.ttl_s / 2 for entity_type in registry if entity_type.ttl_s]
        self._pause_s = min([heartbeat_s, *lifetimes])
        self._heartbeats: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def open(
        self, topics: Topics, session: Session, transport: Transport, *, address: str = ""
    ) -> AsyncIterator[Subscription]:
        """Subscribe a visitor to the topics, with a snapshot of each pending.

        Raises: TooManyStreamsError.
        """
        subscription = Subscription(
            topics.views,
            transport,
            visitor=session.key,
            address=address,
            actor=session.actor,
            lists=len(topics.lists),
            policies=topics.policies,
        )
        self._hub.subscribe(subscription)
        try:
            if self._heartbeats is None or self._heartbeats.done():
                self._heartbeats = asyncio.create_task(self._send_heartbeats())
            for number, (topic, (entity_type, id)) in enumerate(topics.entities.items(), 1):
                policy = topics.policies.get(topic)
                frames = await self._snapshot(entity_type, id, session, policy)
                subscription.offer(topic, frames, snapshot=True)
                if not number % SNAPSHOTS_PER_STEP:
                    await asyncio.sleep(0)
            for watched in topics.lists:
                self._lists.join(subscription, watched)
            yield subscription
        finally:
            self._lists.leave(subscription)
            self._hub.unsubscribe(subscription)

    async def close(self) -> None:
        """Stop the heartbeats and end every stream."""
        self._hub.close()
        if self._heartbeats is not None:
            self._heartbeats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heartbeats
            self._heartbeats = None

    async def _snapshot(
        self, entity_type: EntityType, id: Any, session: Session, policy: AccessPolicy | None
    ) -> Frames:
        """The stored state as a message, or the removal of an entity that can't be read."""
        try:
            entity = await self._instance(entity_type, session, id, policy=policy)
        except (NotFoundError, AccessDeniedError) as error:
            kind: Kind = "deleted" if isinstance(error, NotFoundError) else "closed"
            return Frames(snapshot_message(entity_type.name, id, None, 0, kind))
        state, version = public_state(entity, NOTHING), version_of(entity)
        message = snapshot_message(entity_type.name, id, state, version)
        if entity_type.cls.__entity__.guarded:
            fields = readable_fields(policy or self._policy, entity_type, session.actor)
            message = await for_viewer(message, fields, entity)
        return Frames(message)

    async def _send_heartbeats(self) -> None:
        """Send heartbeats to all streams, and extend the TTL of watched instances."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self.heartbeat_s
        while True:
            await asyncio.sleep(self._pause_s)
            if loop.time() >= due:
                due = loop.time() + self.heartbeat_s
                for subscription in self._hub:
                    subscription.send_heartbeat()
            try:
                await self._extend_ttls()
            except Exception:  # an unavailable store must not stop the heartbeats
                log.exception("The TTL of watched instances could not be extended")

    async def _extend_ttls(self) -> None:
        for topic in self._hub.watched():
            name, _, id = topic.partition(":")
            entity_type = self._registry.find(name)
            # The topic of a live list names no class: it does not extend the TTL of its records.
            if entity_type is not None and entity_type.ttl_s:
                repository = self._persistence.for_class(entity_type.cls)
                key = self._id_of(entity_type.cls, id)
                await repository.touch(entity_type.cls, key, entity_type.ttl_s)
