"""How a command ends when the user can mend the cause."""

from __future__ import annotations

from typing import NoReturn

import typer


class CommandError(Exception):
    """A command cannot go on; the text is the sentence that the user reads, remedy included."""


def fail(error: Exception) -> NoReturn:
    """Print the error's text on stderr, without a traceback, and end with exit code 1."""
    typer.echo(f"starmodel: {error}", err=True)
    raise typer.Exit(1)
