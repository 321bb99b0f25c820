"""The access decisions of one running command, made again at each of its commits."""

from __future__ import annotations

from typing import Any

from starmodel.app.access.decisions import check, check_record
from starmodel.app.access.policy import TRUSTED
from starmodel.app.commands.command import Command
from starmodel.app.ports.messages import SessionEnded
from starmodel.core.entity import Entity
from starmodel.core.errors import NotSignedInError
from starmodel.texts.catalogue import Message


class EndedSessions:
    """Marks the sessions of waiting commands that have ended; a subscriber of the bus.

    Holds entries for running commands only.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[SessionWatch]] = {}

    def watch(self, command: Command) -> SessionWatch:
        """Follow the command's session, inside of `with`, while the command runs."""
        session, actor = command.session, command.actor
        if session is None or actor is None or actor is TRUSTED:  # no signed-in session
            return SessionWatch(command)
        return SessionWatch(command, self._waiting, session.key)

    def __len__(self) -> int:
        """How many sessions have a command running."""
        return len(self._waiting)

    async def deliver(self, message: Any) -> None:
        """Take a message of the bus."""
        if isinstance(message, SessionEnded):
            for watch in self._waiting.get(message.visitor, ()):
                watch.has_ended = True


class SessionWatch:
    """Whether the session of one command has ended since the command started."""

    __slots__ = ("_command", "_key", "_waiting", "has_ended")

    def __init__(
        self,
        command: Command,
        waiting: dict[str, list[SessionWatch]] | None = None,
        key: str = "",
    ) -> None:
        self._command, self._waiting, self._key = command, waiting, key
        self.has_ended = False

    def __enter__(self) -> SessionWatch:
        if self._waiting is not None:
            self._waiting.setdefault(self._key, []).append(self)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._waiting is not None:
            watches = self._waiting.pop(self._key)
            if len(watches) > 1:
                watches.remove(self)
                self._waiting[self._key] = watches

    def check(self) -> None:
        """Return while the session lives, or when the event itself signed in or out.

        Raises: NotSignedInError.
        """
        session = self._command.session
        if self.has_ended and session is not None and session.id == self._command.session_id:
            raise NotSignedInError(Message("access.signed_out"))


async def check_class(command: Command) -> None:
    """Return unless the class alone refuses the command, whatever is stored.

    Raises: NotSignedInError; AccessDeniedError.
    """
    await check(command.policy, command.entity_type, "write", command.actor, event=command.event)


async def check_run(command: Command, entity: Entity) -> None:
    """Return when the command's actor may run its event on this state of the entity.

    Raises: NotSignedInError; AccessDeniedError; HiddenRecordError.
    """
    await check_record(
        command.policy, command.entity_type, command.actor, entity, command.id,
        event=command.event, gone=command.expects,
    )  # fmt: skip
