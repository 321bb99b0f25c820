"""The access decisions of one running command, made again at each of its commits."""

from __future__ import annotations

from typing import Any

from starmodel.app.access.decisions import check, check_record
from starmodel.app.access.grants import LimitedActor
from starmodel.app.access.policy import TRUSTED
from starmodel.app.commands.command import Command
from starmodel.app.ports.messages import SessionEnded
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfirmationNeededError, NotSignedInError
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


def check_confirmed(command: Command, now: float, within_s: float) -> None:
    """Return unless the event is `sudo=True` and its actor has proved too long ago who it is.

    A bearer token needs the grant "sudo". Code without a session needs to be trusted.
    Raises: ConfirmationNeededError.
    """
    actor, session = command.actor, command.session
    if not command.event.info.sudo or actor is TRUSTED:
        return
    if isinstance(actor, LimitedActor):
        is_confirmed = actor.grants.permits_sudo
    else:
        is_confirmed = session is not None and now - session.confirmed_at <= within_s
    if not is_confirmed:
        raise ConfirmationNeededError(within_s)


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
