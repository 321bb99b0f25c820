"""Load the application inside the process that serves it; a reload starts a new one."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import signal
import threading
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import typer

from starmodel.app.failures import own_frames, own_traceback
from starmodel.cli.class_names import source_files
from starmodel.cli.problems import CommandError
from starmodel.core.errors import ConfigurationError

# Set by `starmodel run`: a reloaded process inherits nothing else from the command.
TARGET_VARIABLE = "STARMODEL_TARGET"
# The folder that is watched, when a developer's server reloads.
RELOADS_VARIABLE = "STARMODEL_RELOADS"
SOURCES_VARIABLE = "STARMODEL_SOURCES"


def load() -> Any:
    """The application that STARMODEL_TARGET names; a factory is called.

    When there is none the reason is printed: a sentence for a wrong setting
    or name, the traceback through the application's own files for any other
    error. A developer's reloading server then serves the failure until the
    next change; any other ends with exit code 1.
    """
    watched = os.environ.get(RELOADS_VARIABLE)
    if watched:
        os.environ[SOURCES_VARIABLE] = _digest(Path(watched))
        _end_with_parent()
    try:
        return imported(os.environ[TARGET_VARIABLE])
    except Exception as error:
        # Uvicorn would take a TypeError of the application for a wrong factory and hide it.
        tell(error)
        if not watched:
            raise SystemExit(1) from None
        from starmodel.cli.failed import FailedApplication, Failure

        try:
            failed = FailedApplication(Failure.of(error))
        except ConfigurationError:  # an installation without assets has been told by `error`
            raise SystemExit(1) from None
        typer.echo("starmodel: Waiting for a change. The pages show this error.", err=True)
        return failed


def imported(target: str) -> Any:
    """What "module:attribute" names, called when it is a factory.

    Raises: CommandError, when there is no such attribute or no way to call
    it; whatever the application's own code raises.
    """
    module, _, attribute = target.partition(":")
    found = getattr(importlib.import_module(module), attribute, None)
    if found is None:
        raise CommandError(f"{module} has no attribute {attribute!r}. Check its name.")
    if not _is_factory(found):
        return found
    if inspect.iscoroutinefunction(found):
        raise CommandError(f"{target} is an async factory. Make it a plain function.")
    return found()


def tell(error: Exception) -> None:
    """Print why the application can't be loaded, as far as its developer can mend it."""
    if isinstance(error, CommandError | ConfigurationError):
        typer.echo(f"starmodel: {error}", err=True)
        for frame in own_frames(error)[-1:]:
            typer.echo(f"  at {frame.file}, line {frame.line}", err=True)
    else:
        typer.echo(own_traceback(error).rstrip("\n"), err=True)


def _is_factory(found: Any) -> bool:
    """A function that can be called without arguments; an ASGI function takes three."""
    if not inspect.isfunction(found):
        return False
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(
        parameter.default is not parameter.empty or parameter.kind in variadic
        for parameter in inspect.signature(found).parameters.values()
    )


def _digest(folder: Path) -> str:
    """A name for the sources as they are now; files are not read, only looked at."""
    made = hashlib.sha256()
    for file in source_files(folder):
        try:
            state = file.stat()
        except OSError:  # gone meanwhile
            continue
        made.update(f"{file}\0{state.st_mtime_ns}\0{state.st_size}\n".encode())
    return made.hexdigest()[:16]


def _end_with_parent() -> None:
    """Stop serving when the watching process is gone, killed ones included, and free the port."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="starmodel-parent").start()
