"""Errors of migrations."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.core.errors import ConfigurationError, StarModelError


class MigrationError(StarModelError):
    """A migration can't run, or stopped. The message names the file, the step and the remedy."""


class BlockingError(MigrationError):
    """A step would block writers for longer than allowed. The message has the estimate."""


class UnknownOutcomeError(MigrationError):
    """A statement was interrupted where the database can't tell whether it took effect."""


class DriftError(ConfigurationError):
    """The database does not fit the classes, so the application does not start.

    Shapes: summary is its first sentence; about are sentences on the differences; command is the
    command that resolves them; asks is True when that command needs answers.
    """

    def __init__(
        self, message: str, about: Sequence[str] = (), command: str = "", *, asks: bool = False
    ) -> None:
        self.summary, self.text = message, " ".join([message, *about])
        self.about, self.command, self.asks = tuple(about), command, asks
        run = [f"Run: {command}"] if command else []
        if len(self.about) < 2:
            super().__init__(" ".join([message, *about, *run]))
        else:
            super().__init__("\n".join([message, *(f"- {each}" for each in about), *run]))
