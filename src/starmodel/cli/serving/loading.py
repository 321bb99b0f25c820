"""Bring an application into the process of a command, which serves nobody."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import typer

from starmodel.app.application import Application
from starmodel.app.presentation.failures import own_traceback
from starmodel.cli.serving.server import imported
from starmodel.cli.targets import Target, find_target
from starmodel.cli.terminal.problems import CommandError
from starmodel.core.errors import ConfigurationError, StarModelError


class ApplicationError(CommandError):
    """The application's own code failed; its traceback was printed, without our frames."""


def load_app(name: str | None) -> Any:
    """The application that `--app` names, or that is found by convention, imported here.

    It serves nothing and greets nobody; what its modules print goes to
    stderr. A factory is called.

    Raises: CommandError, when there is none, it can't be configured, or it is
    not StarModel's; ApplicationError, when its own code fails.
    """
    target = find_target(name, Path.cwd())
    sys.path.insert(0, str(target.folder))
    with redirect_stdout(sys.stderr):  # stdout is the command's answer, which programs read
        found = _run(target)
    if not isinstance(getattr(found, "starmodel", None), Application):
        raise CommandError(
            f"{target.import_string} is no StarModel application; its type is "
            f"{type(found).__name__}. Name what create_app() or configure_app() gave: "
            "--app module:attribute"
        )
    return found


def load_application(name: str | None) -> Application:
    """As `load_app`, but the services alone: entities, stores and dispatcher."""
    application: Application = load_app(name).starmodel
    return application


@asynccontextmanager
async def opened(application: Application) -> AsyncIterator[Application]:
    """Open the stores for one command, and close them after what its events began.

    Raises: CommandError, when a store can't be opened.
    """
    try:
        await application.ready()
    except StarModelError as error:
        raise CommandError(str(error)) from error
    try:
        yield application
    finally:
        await application.close()


def show_traceback(error: BaseException) -> None:
    """Print the error's traceback on stderr, of the user's own frames where there are any."""
    typer.echo(own_traceback(error).rstrip("\n"), err=True)


def _run(target: Target) -> Any:
    try:
        return imported(target.import_string)
    except CommandError:
        raise
    except ConfigurationError as error:
        raise CommandError(str(error)) from error
    except (Exception, SystemExit) as error:  # whatever a user's module does when it is imported
        show_traceback(error)
        raise ApplicationError(
            f"{target.import_string} could not be loaded: {type(error).__name__} in the "
            "application's own code, shown above. Correct it and run again."
        ) from error
