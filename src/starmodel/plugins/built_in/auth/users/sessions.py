"""Sessions and tokens of users follow their records: roles, password, disabled or removed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from starmodel.app.access.policy import Actor
from starmodel.app.application import Application
from starmodel.app.context import current_context
from starmodel.app.ports.bus import SelectiveBus
from starmodel.app.ports.credentials.tokens import TokenRecord
from starmodel.app.ports.messages import Changed
from starmodel.app.ports.sessions import SessionRecord
from starmodel.app.sessions.actors import ActorSessions
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.plugins.built_in.auth.users.actors import NUMBER, present_actor

log = logging.getLogger("starmodel.auth")
RETRY_S = 1.0


class UserSessions:
    """Ends and changes the sessions and tokens of a user after each commit of the record.

    It holds in this process before the command replies, in others within a second.

    Shapes: user is the class of the users.
    """

    def __init__(self, application: Application, user: type[Any]) -> None:
        self._application, self._user = application, user
        self._name = application.registry[user].name
        self._again: dict[str, str] = {}
        self._retrying: asyncio.Task[None] | None = None

    def follow(self) -> None:
        """Subscribe to the changes of users, and to the start of sessions and tokens."""
        if self._application.sessions is not None:
            self._application.sessions.actors.check = self._check
        if self._application.credentials is not None:
            self._application.credentials.tokens.check = self._check
        bus = self._application.bus
        if isinstance(bus, SelectiveBus):
            bus.subscribe(self.deliver, wants=lambda topic: topic.startswith(f"{self._name}:"))
        else:
            bus.subscribe(self.deliver)

    def leave(self) -> None:
        """End the subscription."""
        self._application.bus.unsubscribe(self.deliver)
        if self._retrying is not None:
            self._retrying.cancel()

    async def _check(self, actor: Actor) -> None:
        """Revise the sessions and tokens of a user after one has started.

        The user may have been changed or removed meanwhile.
        """
        if NUMBER in actor.claims:  # not an actor of the application's own
            await self.revise(actor.id)

    async def deliver(self, message: Any) -> None:
        """Take a message of the bus."""
        if isinstance(message, Changed) and message.entity == self._name:
            if message.kind == "created":
                return
            context = current_context.get()
            session = None if context is None else context.session
            keep = "" if session is None else session.record_id
            try:
                await self.revise(str(message.id), keep=keep)
            except StoreError as error:
                log.error("The sessions of a changed user are not changed yet: %s", error)
                self._again[str(message.id)] = keep
                if self._retrying is None or self._retrying.done():
                    self._retrying = asyncio.create_task(self._retry())

    async def _retry(self) -> None:
        """Revise the sessions of users again until it works; the store was out of reach."""
        while self._again:
            await asyncio.sleep(RETRY_S)
            for id, keep in list(self._again.items()):
                with contextlib.suppress(StoreError):
                    await self.revise(id, keep=keep)
                    del self._again[id]

    async def revise(self, id: str, *, keep: str = "") -> None:
        """Give the sessions and tokens of a user what the record has now; end those it refuses.

        Those from before the last change of the password end, but for the one with the id `keep`.
        Raises: StoreUnavailableError.
        """
        user = await self._application.objects(self._user).find(id)

        def revised(record: SessionRecord | TokenRecord) -> Actor | None:
            actor = record.actor
            if user is None or user.disabled or actor is None:
                return None
            number = actor.claims.get(NUMBER, user.password_number)
            if number != user.password_number and record.id != keep:
                return None
            return present_actor(user, actor)

        await self.sessions.revise(id, revised)
        if self._application.credentials is not None:
            await self._application.credentials.tokens.revise(id, revised)

    @property
    def sessions(self) -> ActorSessions:
        """The sessions of the application by actor."""
        if self._application.sessions is None:
            raise ConfigurationError("This application has no sessions.")
        return self._application.sessions.actors
