"""`starmodel export`: writes the records of a list to a file."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Annotated

import typer

from starmodel.cli.events.completion import entity_names
from starmodel.cli.terminal.options import AppOption


def export(
    entity: Annotated[
        str,
        typer.Argument(
            metavar="ENTITY",
            help="The entity whose records are exported: Product.",
            autocompletion=entity_names,
        ),
    ],
    format: Annotated[  # noqa: A002 - the name of the option
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="csv, jsonl or xlsx. [default: that of the file's name, else csv]",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        str,
        typer.Option(
            metavar="QUERY",
            help="The filters and the search of a list, as in its address: status=open&search=a.",
            show_default=False,
        ),
    ] = "",
    order: Annotated[
        str,
        typer.Option(
            metavar="FIELDS", help="The order of the records: -due,title.", show_default=False
        ),
    ] = "",
    columns: Annotated[
        str,
        typer.Option(
            metavar="FIELDS",
            help="The columns: title,due. [default: those of the list]",
            show_default=False,
        ),
    ] = "",
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="[default: standard output]", show_default=False
        ),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Export what this user may read. [default: trusted code]",
            show_default=False,
        ),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A role of the actor. May be repeated.", show_default=False
        ),
    ] = None,
    app: AppOption = None,
) -> None:
    """Export the records of an entity, as the page of its list does.

    starmodel export Order --where "status=open" --order=-placed_on -o orders.xlsx

    Trusted code reads every record; with --actor the access rules of each
    record and field decide. Private fields are never exported. A file
    appears under its name when it is complete. Exit codes: 0 done, 1 refused
    or failed, 2 wrong usage.
    """
    import asyncio

    from starmodel.cli.events.refusal import Refusal
    from starmodel.cli.exporting.export import ExportLine
    from starmodel.cli.exporting.export import export as write
    from starmodel.cli.serving.loading import load_application

    line = ExportLine(entity, format, where, order, columns, output, actor, role or ())
    try:
        with redirect_stdout(sys.stderr):
            application = load_application(app)
        number = asyncio.run(write(application, line))
    except Exception as error:  # the outermost handler: every failure is reported with an exit code
        refusal = Refusal.of(error, entity)
        typer.echo(str(refusal), err=True)
        raise typer.Exit(refusal.exit_code) from None
    typer.echo(f"{number} records", err=True)
