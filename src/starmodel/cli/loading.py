"""Bring an application into the process of a command, which serves nobody."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Any

from starmodel.app.application import Application
from starmodel.cli.problems import CommandError
from starmodel.cli.targets import Target, find_target
from starmodel.core.errors import ConfigurationError, StarModelError

OURS = f"{Path(__file__).parents[1]}{os.sep}"
LIBRARIES = ("site-packages", "dist-packages")


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
    step: BaseException | None = error
    seen = set[int]()
    while step is not None and id(step) not in seen:
        seen.add(id(step))
        step.__traceback__ = _own_frames(step.__traceback__)
        step = step.__cause__ or step.__context__
    traceback.print_exception(error)


def _run(target: Target) -> Any:
    try:
        found = getattr(importlib.import_module(target.module), target.attribute, None)
        if found is None:
            raise CommandError(
                f"{target.module} has no attribute {target.attribute!r}. Check its name."
            )
        if inspect.iscoroutinefunction(found) and not inspect.signature(found).parameters:
            raise CommandError(
                f"{target.import_string} is an async factory. Make it a plain function."
            )
        return found() if _is_factory(found) else found
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


def _is_factory(found: Any) -> bool:
    """A function that can be called without arguments; an ASGI function takes three."""
    if not inspect.isfunction(found):
        return False
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(
        parameter.default is not parameter.empty or parameter.kind in variadic
        for parameter in inspect.signature(found).parameters.values()
    )


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without frames of StarModel, libraries and the import system.

    The whole of it when nothing would be left.
    """
    kept: TracebackType | None = None
    frames = []
    step = trace
    while step is not None:
        frames.append(step)
        step = step.tb_next
    for frame in reversed([f for f in frames if _is_users(f)]):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept or trace


def _is_users(step: TracebackType) -> bool:
    file = step.tb_frame.f_code.co_filename
    inside = any(part in Path(file).parts for part in LIBRARIES)
    standard = file.startswith(("<frozen", sys.base_prefix + "/lib/python"))
    return not (file.startswith(OURS) or inside or standard)
