"""Errors of migrations."""

from __future__ import annotations

from starmodel.core.errors import StarModelError


class MigrationError(StarModelError):
    """A migration can't run, or stopped. The message names the file, the step and the remedy."""


class BlockingError(MigrationError):
    """A step would block writers for longer than allowed. The message has the estimate."""


class UnknownOutcomeError(MigrationError):
    """A statement was interrupted where the database can't tell whether it took effect."""
