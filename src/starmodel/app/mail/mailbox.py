"""A mailer that keeps messages in memory, for development and tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.mailer import MailMessage

MAX_MESSAGES = 100
MAX_CHARS = 5_000_000


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message in a mailbox. Shapes: number counts from 1. Units: seconds since the epoch."""

    number: int
    at: float
    message: MailMessage


class Mailbox:
    """Keeps the newest messages in memory and delivers none.

    Shapes: received is called with each message.
    """

    def __init__(
        self,
        *,
        clock: Clock = system_clock,
        max_messages: int = MAX_MESSAGES,
        max_chars: int = MAX_CHARS,
        received: Callable[[MailMessage], None] | None = None,
    ) -> None:
        self._clock, self._max_chars, self._received = clock, max_chars, received
        self._kept: deque[KeptMessage] = deque(maxlen=max_messages)
        self._numbers = count(1)

    @property
    def kept(self) -> list[KeptMessage]:
        """The messages, oldest first."""
        return list(self._kept)

    @property
    def messages(self) -> list[MailMessage]:
        """The messages as they were sent, oldest first."""
        return [kept.message for kept in self._kept]

    def find(self, number: int) -> KeptMessage | None:
        return next((kept for kept in self._kept if kept.number == number), None)

    def clear(self) -> None:
        self._kept.clear()

    async def send(self, message: MailMessage) -> None:
        self._kept.append(KeptMessage(next(self._numbers), self._clock(), message))
        while len(self._kept) > 1 and sum(map(_size, self._kept)) > self._max_chars:
            self._kept.popleft()
        if self._received is not None:
            self._received(message)

    async def check(self) -> None:
        """Nothing can fail."""

    async def close(self) -> None:
        """The messages stay."""


def _size(kept: KeptMessage) -> int:
    return len(kept.message.text) + len(kept.message.html)
