"""Errors that end a command with a message instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, NoReturn

import typer

from starmodel.core.errors import ConfigurationError


class CommandError(Exception):
    """A command failed; the message includes the remedy. Exit code 1."""

    exit_code: ClassVar[int] = 1


class UsageError(CommandError):
    """The command line is invalid. Exit code 2."""

    exit_code = 2


def fail(error: Exception) -> NoReturn:
    """Print the error message on stderr and end the command with the exit code of its type."""
    typer.echo(f"starmodel: {error}", err=True)
    raise typer.Exit(getattr(error, "exit_code", 1)) from None


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Convert command and configuration errors into a message and an exit code."""
    try:
        yield
    except (CommandError, ConfigurationError) as error:
        fail(error)
