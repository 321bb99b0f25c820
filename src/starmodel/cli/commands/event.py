"""`starmodel event`: dispatches one event from the terminal."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout
from typing import Annotated, Any

import typer

from starmodel.cli.events.completion import entity_names, event_names
from starmodel.cli.terminal.options import AppOption, JsonOption

# Unknown options are parameters of the event.
SETTINGS = {"ignore_unknown_options": True}


def event(
    target: Annotated[
        str,
        typer.Argument(
            metavar="ENTITY[:ID]",
            help="The entity and the id of a record: Product:42. create takes no id.",
            autocompletion=entity_names,
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="EVENT",
            help="The event, also create, update and delete. Without it, all are listed.",
            show_default=False,
            autocompletion=event_names,
        ),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="--PARAMETER VALUE",
            help="The event's arguments, converted like those of a form.",
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
            help="The session of a session entity; a new name creates one.",
            show_default=False,
        ),
    ] = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run an event of an entity, and print its outcome.

    starmodel event Product:42 adjust_stock --delta -5

    Arguments are validated and converted by the event's signature, like those
    of a form. The event runs as trusted code unless --actor names a user. Each
    yield of a generator event is printed after its commit. Exit codes: 0 done,
    1 refused or failed, 2 wrong usage.

    Stores in memory belong to one process: here, to this command. Open pages
    of a running server show changes in other stores when they load or
    reconnect, or at once with an event bus between the processes.

    With --json: {ok, event, result, entity, version, stored, toasts, redirect,
    yielded}; or {ok, event, error: {type, text, fields}}.
    """
    from starmodel.cli.events.dispatching import CommandLine
    from starmodel.cli.events.reporting import JsonReporter, TextReporter

    line = CommandLine(target, name, words or (), arg or (), actor, role or (), session)
    reporter: Any = JsonReporter() if as_json else TextReporter()
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        code = _run(app, line, reporter)
    if as_json:
        reporter.finish()
    raise typer.Exit(code)


def _run(app: str | None, line: Any, reporter: Any) -> int:
    """Dispatch the event and report its outcome; returns the exit code."""
    import asyncio

    from starmodel.cli.events.dispatching import Request
    from starmodel.cli.events.refusal import Refusal
    from starmodel.cli.serving.loading import load_application

    where, request = f"{line.target}.{line.event}", None
    try:
        request = Request(load_application(app), line)
        where = request.where
        reporter.begin(request)
        outcome = asyncio.run(request.run(reporter.step))
    except Exception as error:  # the outermost handler: every failure is reported with an exit code
        refusal = Refusal.of(error, where, request)
        reporter.refused(refusal)
        return refusal.exit_code
    try:
        reporter.done(outcome)
    except Exception as error:  # the event is committed, so the exit code stays 0
        reporter.stored(error)
    return 0
