"""`starmodel event`: run one event from the terminal."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext, redirect_stdout
from typing import Annotated, Any

import typer

from starmodel.cli.events.completion import entity_names, event_names
from starmodel.cli.terminal.options import AppOption, JsonOption

# What is no option of the command is a parameter of the event.
SETTINGS = {"ignore_unknown_options": True}


def event(
    target: Annotated[
        str,
        typer.Argument(
            metavar="ENTITY[:ID]",
            help="The entity, and which record of it: Product:42. Only create needs no id.",
            autocompletion=entity_names,
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="EVENT",
            help="The event; create, update and delete too. Without it, all are listed.",
            show_default=False,
            autocompletion=event_names,
        ),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="--PARAMETER VALUE",
            help="The event's arguments, read as a form's would be.",
            show_default=False,
        ),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option(
            "--arg",
            metavar="NAME=VALUE",
            help="An argument whose name is also one of these options. May be repeated.",
            show_default=False,
        ),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Run it as this user, whom access rules may refuse. [default: trusted code]",
            show_default=False,
        ),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A role of the actor. May be repeated.", show_default=False
        ),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The session that a session entity belongs to; any name makes one.",
            show_default=False,
        ),
    ] = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run an event of an entity, and print what became of it.

    starmodel event Product:42 adjust_stock --delta -5

    Values are checked and converted by the event's signature, as those of a
    form. It is trusted code unless --actor names somebody. What a generator
    event yields is printed when it is committed. Exit codes: 0 done, 1
    refused or failed, 2 wrong usage.

    Stores in memory belong to one process: here, to this command. What is
    stored elsewhere is shown by open pages of a running server when they load
    or connect again, unless an event bus joins the processes.

    With --json: {ok, event, result, entity, version, stored, toasts, redirect,
    yielded}; or {ok, event, error: {type, text, fields}}.
    """
    from starmodel.cli.events.dispatching import Asked
    from starmodel.cli.events.outcomes import JsonTeller, TextTeller

    asked = Asked(target, name, words or (), arg or (), actor, role or (), session)
    teller: Any = JsonTeller() if as_json else TextTeller()
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        code = _run(app, asked, teller)
    if as_json:
        teller.finish()
    raise typer.Exit(code)


def _run(app: str | None, asked: Any, teller: Any) -> int:
    """The exit code, after everything was told."""
    from starmodel.cli.events.dispatching import Request
    from starmodel.cli.events.outcomes import Refusal
    from starmodel.cli.serving.loading import load_application

    where, request = f"{asked.target}.{asked.event}", None
    try:
        request = Request(load_application(app), asked)
        where = request.where
        teller.begin(request)
        outcome = asyncio.run(request.run(teller.step))
    except Exception as error:  # the edge of the terminal: every failure is told, and has a code
        refusal = Refusal.of(error, where, request)
        teller.refused(refusal)
        return refusal.exit_code
    try:
        teller.done(outcome)
    except Exception as error:  # the edge of the terminal: what is stored stays a success
        teller.stored(error)
    return 0
