"""The stream of a page, as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any
from urllib.parse import parse_qs

from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.frontends.datastar.pages import Tokens
from starmodel.adapters.frontends.datastar.watching import RenderPart, watching
from starmodel.app.application import Application
from starmodel.app.live.hub import Frames, Subscription, snapshot_message
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import AccessDeniedError, NotFoundError, RequestError
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import version_of

log = logging.getLogger("starmodel.realtime")
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # disables response buffering in nginx
]
MAX_QUERY_BYTES = 64 * 1024
SNAPSHOTS_PER_STEP = 16  # reads between two yields to the event loop
HEARTBEAT = b": still here\n\n"


class SseStreams:
    """Serves `/_starmodel/stream`: subscribes each page to the hub and to its live lists.

    Units: heartbeat_s is the seconds between heartbeats.
    """

    def __init__(
        self,
        application: Application,
        tokens: Tokens,
        render: RenderPart,
        *,
        build: str,
        heartbeat_s: float = 15.0,
    ) -> None:
        self._application, self._tokens, self._render = application, tokens, render
        self._build, self._heartbeat_s = build, heartbeat_s
        lives = [entity_type.ttl_s / 2 for entity_type in application.registry if entity_type.ttl_s]
        self._pause_s = min([heartbeat_s, *lives])
        self._heart: asyncio.Task[None] | None = None

    async def serve(self, scope: Any, receive: Any, send: Any, session: Session) -> None:
        """Stream a snapshot of every topic of the page, then each change.

        Raises, before the response has started: AccessDeniedError, TooManyStreamsError,
        RequestError.
        """
        await self._application.ready()
        text = scope["query_string"].decode("latin-1")
        if len(text) > MAX_QUERY_BYTES:
            raise RequestError(
                f"The address of a stream has {len(text)} bytes; expected at most "
                f"{MAX_QUERY_BYTES}.",
                status=414,
            )
        query = parse_qs(text)
        tokens = query.get("token", []) + query.get("grant", [])
        root_path, shown = self._tokens.read(tokens, session)
        watched = await watching(self._application, root_path, shown, session, self._render)
        subscription = Subscription(
            watched.views,
            visitor=session.key,
            address=(scope.get("client") or ("",))[0],
            actor=session.actor,
            lists=len(watched.lists),
            policies=watched.policies,
        )
        hub = self._application.hub
        hub.subscribe(subscription)
        try:
            if self._heart is None or self._heart.done():
                self._heart = asyncio.create_task(self._beat())
            for at, (topic, (entity_type, id)) in enumerate(watched.entities.items(), 1):
                await self._snapshot(subscription, topic, entity_type, id, session)
                if not at % SNAPSHOTS_PER_STEP:
                    await asyncio.sleep(0)
            had = dict(item.rpartition(":")[::2] for item in query.get("have", ()))
            for listing in watched.lists:
                self._application.lists.join(subscription, listing, had.get(rows_id(listing), ""))
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            hello = (
                f"event: starmodel-open\ndata: build {self._build}\n"
                f"data: heartbeat {self._heartbeat_s}\n\n"
            ).encode()
            await send({"type": "http.response.body", "body": hello, "more_body": True})
            await self._carry(subscription, receive, send)
        finally:
            self._application.lists.leave(subscription)
            hub.unsubscribe(subscription)

    async def close(self) -> None:
        """Stop the heartbeats and end every stream."""
        self._application.hub.close()
        if self._heart is not None:
            self._heart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heart
            self._heart = None

    async def _snapshot(
        self,
        subscription: Subscription,
        topic: str,
        entity_type: EntityType,
        id: Any,
        session: Session,
    ) -> None:
        try:
            policy = subscription.policies.get(topic)
            entity = await self._application.instance(entity_type, session, id, policy=policy)
            message = snapshot_message(
                entity_type.name, id, public_state(entity), version_of(entity)
            )
        except NotFoundError:
            message = snapshot_message(entity_type.name, id, None, 0, "deleted")
        except AccessDeniedError:
            message = snapshot_message(entity_type.name, id, None, 0, "closed")
        subscription.offer(topic, Frames(message), snapshot=True)

    async def _carry(self, subscription: Subscription, receive: Any, send: Any) -> None:
        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            subscription.close()

        gone = asyncio.create_task(until_gone())
        try:
            while not subscription.closed:
                data = subscription.take()
                if data:
                    await send({"type": "http.response.body", "body": data, "more_body": True})
                await subscription.wait()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _beat(self) -> None:
        """Send heartbeats to all streams, and extend the TTL of watched instances."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._heartbeat_s
        while True:
            await asyncio.sleep(self._pause_s)
            if loop.time() >= due:
                due = loop.time() + self._heartbeat_s
                for subscription in self._application.hub:
                    subscription.send(HEARTBEAT)
            try:
                await self._prolong()
            except Exception:  # an unavailable store must not stop the heartbeats
                log.exception("What pages are watching could not be given longer life")

    async def _prolong(self) -> None:
        for topic in self._application.hub.watched():
            name, _, id = topic.partition(":")
            entity_type = self._application.registry.find(name)
            if (
                entity_type is not None and entity_type.ttl_s
            ):  # a live list does not extend the TTL of its records
                repository = self._application.persistence.for_class(entity_type.cls)
                id_of = self._application.dispatcher.id_of
                await repository.touch(
                    entity_type.cls, id_of(entity_type.cls, id), entity_type.ttl_s
                )
