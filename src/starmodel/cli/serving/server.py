"""Load the application inside the process that serves it; a reload starts a new one."""

from __future__ import annotations

import hashlib
import inspect
import os
import signal
import sys
import threading
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import typer

from starmodel.app.presentation.failures import own_frames, own_traceback
from starmodel.cli.css.class_names import source_files
from starmodel.cli.targets import import_target
from starmodel.cli.terminal.problems import CommandError
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
        application = imported(os.environ[TARGET_VARIABLE])
    except (Exception, SystemExit) as error:  # a module may end the process that imports it
        # Uvicorn would take a TypeError of the application for a wrong factory and hide it.
        if watched:
            return failed(error)
        tell(error)
        raise SystemExit(1) from None
    return StartGuard(application) if watched else application


def failed(error: BaseException) -> Any:
    """Print the error, and return the application that shows it until the next change.

    Raises: SystemExit, in an installation without assets.
    """
    from starmodel.cli.serving.failed import FailedApplication, Failure

    tell(error)
    try:
        made = FailedApplication(Failure.of(error))
    except ConfigurationError:  # an installation without assets, which `error` has named
        raise SystemExit(1) from None
    typer.echo("starmodel: Waiting for a change. The pages show this error.", err=True)
    return made


class StartGuard:
    """Serves an application of a reloading server, or the failure of its start.

    Uvicorn ends a process whose start failed, while the watching process
    keeps the port: requests would wait for an answer that never comes.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return
        error = await self._start(scope, receive, send)
        if error is not None:
            self.application = failed(error)
            self.application.greet()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.application.close()
            await send({"type": "lifespan.shutdown.complete"})

    async def _start(self, scope: Any, receive: Any, send: Any) -> BaseException | None:
        """Run the lifespan to its end, or give what its start raised."""
        error: BaseException | None = None

        async def observed(message: Any) -> None:
            nonlocal error
            if message["type"] == "lifespan.startup.failed":
                error = sys.exception() or RuntimeError(message.get("message", ""))
            else:
                await send(message)

        try:
            await self.application(scope, receive, observed)
        except (Exception, SystemExit):
            if error is None:  # an application without a lifespan, as the server understands it
                raise
        return error


def imported(target: str) -> Any:
    """What "module:attribute" names, called when it is a factory.

    Raises: CommandError, when there is no such attribute or no way to call
    it; whatever the application's own code raises.
    """
    module, _, attribute = target.rpartition(":")
    found = getattr(import_target(module), attribute, None)
    if found is None:
        raise CommandError(f"{module} has no attribute {attribute!r}. Check its name.")
    if not _is_factory(found):
        return found
    if inspect.iscoroutinefunction(found):
        raise CommandError(f"{target} is an async factory. Make it a plain function.")
    return found()


def tell(error: BaseException) -> None:
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
