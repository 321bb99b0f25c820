"""Converts what a plugin gives as a command: Typer, Click or a function."""

from __future__ import annotations

import inspect
from typing import Any

import typer
from typer.main import get_group

from starmodel.cli.plugins.click_commands import ClickCommand


def command_of(name: str, found: Any) -> Any:
    """The Typer command of a Typer application, a Click command or a function.

    A Typer application or Click group becomes a command group, a Click
    command or plain function a single command.

    Raises: TypeError, for other types; any exception of Typer, such as for a
    parameter type that it rejects.
    """
    if ClickCommand.fits(found):
        return ClickCommand(name, found)
    wrapper = typer.Typer(rich_markup_mode=None)  # nested applications inherit the mode
    if isinstance(found, typer.Typer):
        wrapper.add_typer(found, name=name)
    elif inspect.isfunction(found) or inspect.ismethod(found):
        wrapper.command(name=name)(found)
    else:
        raise TypeError(
            f"it is a value of type {type(found).__name__}; expected a Typer application, "
            "a Click command or a function"
        )
    return get_group(wrapper).commands[name]
