"""Load the application inside the process that serves it; a reload starts a new one."""

from __future__ import annotations

import importlib
import inspect
import os
import traceback
from typing import Any, NoReturn

import typer

from starmodel.core.errors import ConfigurationError

# Set by `starmodel run`: a reloaded process inherits nothing else from the command.
TARGET_VARIABLE = "STARMODEL_TARGET"


def load() -> Any:
    """The application that STARMODEL_TARGET names; a factory is called.

    Ends the process with exit code 1 when there is none: after one sentence
    for a wrong setting or name, after the traceback for any other error. A
    reloading server then waits for the next change.
    """
    module, _, attribute = os.environ[TARGET_VARIABLE].partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
        if found is None:
            _stop(f"{module} has no attribute {attribute!r}. Check its name.")
        if not _is_factory(found):
            return found
        if inspect.iscoroutinefunction(found):
            _stop(f"{module}:{attribute} is an async factory. Make it a plain function.")
        return found()
    except ConfigurationError as error:
        _stop(str(error))
    except Exception:
        # Uvicorn would take a TypeError of the application for a wrong factory and hide it.
        traceback.print_exc()
        raise SystemExit(1) from None


def _is_factory(found: Any) -> bool:
    """A function that can be called without arguments; an ASGI function takes three."""
    if not inspect.isfunction(found):
        return False
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(
        parameter.default is not parameter.empty or parameter.kind in variadic
        for parameter in inspect.signature(found).parameters.values()
    )


def _stop(sentence: str) -> NoReturn:
    typer.echo(f"starmodel: {sentence}", err=True)
    raise SystemExit(1)
