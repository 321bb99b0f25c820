"""How a command ends when the user can mend the cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, NoReturn

import typer

from starmodel.core.errors import ConfigurationError


class CommandError(Exception):
    """A command cannot go on; the text is the sentence that the user reads, remedy included."""

    exit_code: ClassVar[int] = 1


class UsageError(CommandError):
    """The command line itself asks for what there is not."""

    exit_code = 2


def fail(error: Exception) -> NoReturn:
    """Print the error's text on stderr, without a traceback, and end the command.

    With exit code 1, or 2 for a `UsageError`.
    """
    typer.echo(f"starmodel: {error}", err=True)
    raise typer.Exit(getattr(error, "exit_code", 1)) from None


@contextmanager
def in_sentences() -> Iterator[None]:
    """Let what the user can mend end the command with its sentence alone."""
    try:
        yield
    except (CommandError, ConfigurationError) as error:
        fail(error)
