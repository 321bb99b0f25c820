"""The application factory that uvicorn calls in each worker; a reload starts a new worker."""

from __future__ import annotations

import hashlib
import inspect
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import typer

from starmodel.app.presentation.failures import own_frames, own_traceback
from starmodel.cli.css.class_names import source_files
from starmodel.cli.serving.variables import (
    RELOADS_VARIABLE,
    SOURCES_VARIABLE,
    TARGET_VARIABLE,
)
from starmodel.cli.targets import import_target
from starmodel.cli.terminal.errors import CommandError
from starmodel.core.errors import ConfigurationError

Settle = Callable[[Any], Awaitable[None]]
"""Prepares what an application needs before its lifespan begins, or raises why it can't start."""


async def nothing_to_settle(application: Any) -> None:
    """Start every application as it is."""


def load(settle: Settle = nothing_to_settle) -> Any:
    """Import the application of STARMODEL_TARGET, and call a factory.

    A failure is printed: the message of a configuration or target error, else
    the traceback through application files. A reloading development server
    then serves the failure until the next change; other servers exit with
    code 1.
    """
    watched = os.environ.get(RELOADS_VARIABLE)
    if watched:
        os.environ[SOURCES_VARIABLE] = _sources_digest(Path(watched))
        _exit_with_parent()
    try:
        application = import_application(os.environ[TARGET_VARIABLE])
    except (Exception, SystemExit) as error:  # a module may call sys.exit()
        # Uvicorn would report a TypeError of the application as an invalid factory.
        if watched:
            return failed_application(error)
        print_error(error)
        raise SystemExit(1) from None
    return StartupGuard(application, settle) if watched else application


def failed_application(error: BaseException) -> Any:
    """Print the error and return an ASGI application that serves it.

    Raises: SystemExit, when the assets of the installation are missing.
    """
    from starmodel.cli.serving.failed_application import FailedApplication, Failure

    print_error(error)
    try:
        application = FailedApplication(Failure.of(error))
    except ConfigurationError:  # assets are missing, which `error` reports
        raise SystemExit(1) from None
    typer.echo("starmodel: Waiting for a change. The pages show this error.", err=True)
    return application


class StartupGuard:
    """Serves the application of a reloading server, or a failure of its lifespan startup.

    Uvicorn exits after a failed startup while the parent process holds the
    port, so requests would wait for a timeout.
    """

    def __init__(self, application: Any, settle: Settle = nothing_to_settle) -> None:
        self.application, self._settle = application, settle

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return
        error = await self._run_lifespan(scope, receive, send)
        if error is not None:
            self.application = failed_application(error)
            self.application.log_sign_in_link()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.application.close()
            await send({"type": "lifespan.shutdown.complete"})

    async def _run_lifespan(self, scope: Any, receive: Any, send: Any) -> BaseException | None:
        """Run the lifespan of a settled application; returns the exception of a failed startup."""
        error: BaseException | None = None

        async def send_observed(message: Any) -> None:
            nonlocal error
            if message["type"] == "lifespan.startup.failed":
                error = sys.exception() or RuntimeError(message.get("message", ""))
            else:
                await send(message)

        try:
            await self._settle(self.application)
        except Exception as raised:
            await receive()  # the startup that fails
            return raised
        try:
            await self.application(scope, receive, send_observed)
        except (Exception, SystemExit):
            if error is None:  # uvicorn treats it as an application without lifespan
                raise
        return error


def import_application(target: str) -> Any:
    """Import "module:attribute", and call it when it is a factory.

    Raises: CommandError, for a missing attribute or an async factory; any
    exception of application code.
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


def print_error(error: BaseException) -> None:
    """Print an error of loading: its message with the last application frame, or its traceback."""
    if isinstance(error, CommandError | ConfigurationError):
        typer.echo(f"starmodel: {error}", err=True)
        for frame in own_frames(error)[-1:]:
            typer.echo(f"  at {frame.file}, line {frame.line}", err=True)
    else:
        typer.echo(own_traceback(error).rstrip("\n"), err=True)


def _is_factory(found: Any) -> bool:
    """Whether it is a function without required parameters; an ASGI function has three."""
    if not inspect.isfunction(found):
        return False
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(
        parameter.default is not parameter.empty or parameter.kind in variadic
        for parameter in inspect.signature(found).parameters.values()
    )


def _sources_digest(folder: Path) -> str:
    """A hash of the paths, sizes and modification times of the source files."""
    digest = hashlib.sha256()
    for file in source_files(folder):
        try:
            state = file.stat()
        except OSError:  # deleted meanwhile
            continue
        digest.update(f"{file}\0{state.st_mtime_ns}\0{state.st_size}\n".encode())
    return digest.hexdigest()[:16]


def _exit_with_parent() -> None:
    """Stop this process when its parent ends, even by SIGKILL, so that the port is released."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="starmodel-parent").start()
