"""`starmodel routes`: every address that an application answers."""

from __future__ import annotations

import typer

from starmodel.cli.serving.loading import load_app
from starmodel.cli.terminal.options import AppArgument, AppOption, JsonOption, chosen_app
from starmodel.cli.terminal.output import print_json, table
from starmodel.cli.terminal.problems import in_sentences


def routes(target: AppArgument = None, app: AppOption = None, as_json: JsonOption = False) -> None:
    """List every address that the application answers.

    First your own routes in the order in which they are tried, then those
    that StarModel generates. A generated route where you have one of your
    own is never reached; it is marked as replaced.

    With --json: a list of {method, path, target, source, entity, event,
    replaced}; source is own, generated or starmodel.
    """
    with in_sentences():
        found = load_app(chosen_app(target, app))
    from starmodel.adapters.web.route_table import route_table

    rows = route_table(found.front, found.router.routes)
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    cells = [
        (row.method, row.path, row.target, "replaced by yours" if row.replaced else row.source)
        for row in rows
    ]
    typer.echo(table(("METHOD", "PATH", "TARGET", "FROM"), cells))
