"""`starmodel routes`: the route table of an application."""

from __future__ import annotations

import typer

from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppArgument, AppOption, JsonOption, chosen_app
from starmodel.cli.terminal.output import print_json, table


def routes(target: AppArgument = None, app: AppOption = None, as_json: JsonOption = False) -> None:
    """List every route of the application.

    Your routes come first, in the order in which the router matches them, then
    generated routes and those of plugins. One that yours shadows is marked as
    replaced.

    With --json: a list of {method, path, target, source, entity, event,
    replaced}; source is own, generated, "plugin NAME" or starmodel.
    """
    from starmodel.cli.serving.loading import load_app

    with reporting_errors():
        found = load_app(chosen_app(target, app))
    from starmodel.adapters.web.frameworks.route_table import route_table

    rows = route_table(found.gateway, found.router.routes)
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    cells = [
        (row.method, row.path, row.target, "replaced by yours" if row.replaced else row.source)
        for row in rows
    ]
    typer.echo(table(("METHOD", "PATH", "TARGET", "FROM"), cells))
