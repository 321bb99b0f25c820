"""The sessions of users follow their records: roles, password, disabled or removed."""

from __future__ import annotations

import logging
from typing import Any

from starmodel import Actor
from starmodel.app.application import Application
from starmodel.app.context import current_context
from starmodel.app.ports.bus import SelectiveBus
from starmodel.app.ports.messages import Changed
from starmodel.app.ports.sessions import SessionRecord
from starmodel.app.sessions.actors import ActorSessions
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.plugins.built_in.auth.users.actors import NUMBER, present_actor

log = logging.getLogger("starmodel.auth")


class UserSessions:
    """Ends and changes the sessions of a user after each commit of the record.

    It holds in this process before the command replies, in others within a second.

    Shapes: user is the class of the users.
    """

    def __init__(self, application: Application, user: type[Any]) -> None:
        self._application, self._user = application, user
        self._name = application.registry[user].name

    def follow(self) -> None:
        """Subscribe to the changes of users."""
        bus = self._application.bus
        if isinstance(bus, SelectiveBus):
            bus.subscribe(self.deliver, wants=lambda topic: topic.startswith(f"{self._name}:"))
        else:
            bus.subscribe(self.deliver)

    def leave(self) -> None:
        """End the subscription."""
        self._application.bus.unsubscribe(self.deliver)

    async def deliver(self, message: Any) -> None:
        """Take a message of the bus."""
        if isinstance(message, Changed) and message.entity == self._name:
            if message.kind == "created":
                return
            try:
                await self.revise(str(message.id))
            except StoreError as error:
                log.error(
                    "The sessions of a user whose record has changed could not be changed, and "
                    "go on as they are until the record is changed again: %s", error,
                )  # fmt: skip

    async def revise(self, id: str) -> None:
        """Give the sessions of a user what the record has now; end those that it refuses.

        After a change of the password, only the session that changed it goes on.
        Raises: StoreUnavailableError.
        """
        user = await self._application.objects(self._user).find(id)
        context = current_context.get()
        session = None if context is None else context.session
        present = "" if session is None else session.record_id

        def revised(record: SessionRecord) -> Actor | None:
            actor = record.actor
            if user is None or user.disabled or actor is None:
                return None
            is_present = record.id == present
            number = actor.claims.get(NUMBER, user.password_number)
            if number != user.password_number and not is_present:
                return None
            return present_actor(user, actor)

        await self.sessions.revise(id, revised)

    @property
    def sessions(self) -> ActorSessions:
        """The sessions of the application by actor."""
        if self._application.sessions is None:
            raise ConfigurationError("This application has no sessions.")
        return self._application.sessions.actors
