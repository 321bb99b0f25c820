"""Imports an application into the process of a command, without serving it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import typer

from starmodel.app.application import Application
from starmodel.app.presentation.failures import own_traceback
from starmodel.cli.serving.server import import_application
from starmodel.cli.targets import Target, find_target
from starmodel.cli.terminal.errors import CommandError
from starmodel.core.errors import ConfigurationError, StarModelError


class ApplicationError(CommandError):
    """Application code failed; its traceback is printed without frames of StarModel."""


def load_app(name: str | None) -> Any:
    """Import the application of `--app`, or by convention, and call a factory.

    Its lifespan does not run, and no sign-in link is printed. Output of its
    modules goes to stderr.

    Raises: CommandError, for a missing target, a configuration error or
    another type; ApplicationError, from any exception of application code.
    """
    target = find_target(name, Path.cwd())
    sys.path.insert(0, str(target.folder))
    with redirect_stdout(sys.stderr):  # stdout is for the JSON of the command
        found = _run(target)
    if not isinstance(getattr(found, "starmodel", None), Application):
        raise CommandError(
            f"{target.import_string} is no StarModel application; its type is "
            f"{type(found).__name__}. Name what create_app() or configure_app() gave: "
            "--app module:attribute"
        )
    return found


def load_application(name: str | None) -> Application:
    """As `load_app`, but the `Application`: registry, stores and dispatcher."""
    application: Application = load_app(name).starmodel
    return application


@asynccontextmanager
async def open_stores(application: Application) -> AsyncIterator[Application]:
    """Open the stores for one command; on exit, handlers are awaited and stores closed.

    Raises: CommandError, when a store can't be opened.
    """
    try:
        with redirect_stdout(sys.stderr):  # of plugins
            await application.ready()
    except StarModelError as error:
        raise CommandError(str(error)) from error
    try:
        yield application
    finally:
        with redirect_stdout(sys.stderr):
            await application.close()


def print_traceback(error: BaseException) -> None:
    """Print the traceback on stderr, reduced to frames of application code if there are any."""
    typer.echo(own_traceback(error).rstrip("\n"), err=True)


def _run(target: Target) -> Any:
    try:
        return import_application(target.import_string)
    except CommandError:
        raise
    except ConfigurationError as error:
        raise CommandError(str(error)) from error
    except (Exception, SystemExit) as error:  # application code may raise anything
        print_traceback(error)
        raise ApplicationError(
            f"{target.import_string} could not be loaded: {type(error).__name__} in the "
            "application's own code, shown above. Correct it and run again."
        ) from error
