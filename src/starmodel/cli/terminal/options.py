"""Option types that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from starmodel.cli.terminal.errors import UsageError

AppOption = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="TARGET",
        help="The application: a file (hello.py) or module:attribute. "
        "Without it: app.main:create_app, app.main:app or main:app of this folder.",
        show_default=False,
    ),
]
AppArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[APP]",
        help="The application, as for `starmodel run`: a file (hello.py) or module:attribute; "
        "the same as --app.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def chosen_app(argument: str | None, option: str | None) -> str | None:
    """The application from the positional argument or --app.

    Raises: UsageError, when the two differ.
    """
    if argument is not None and option is not None and argument != option:
        raise UsageError(
            f"The command names two applications, {argument} and --app {option}. Name one."
        )
    return argument if option is None else option
