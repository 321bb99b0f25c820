"""`starmodel migrate`: brings the database to the classes, by files in `migrations/`."""

from __future__ import annotations

from typing import Annotated

import typer

from starmodel.cli.terminal.options import AppArgument, AppOption, JsonOption, chosen_app

Repeated = list[str] | None


def migrate(
    target: AppArgument = None,
    message: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--message",
            metavar="TEXT",
            help="The title of the migration.",
            show_default=False,
        ),
    ] = None,
    rename: Annotated[
        Repeated,
        typer.Option(
            metavar="OLD=NEW",
            help="A renamed field or class: Product.price=unit_price, Product=Article.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Repeated,
        typer.Option(
            metavar="FIELD[=PATH:FIELD,…]",
            help="A nested model whose parts are in new fields now: Customer.address.",
            show_default=False,
        ),
    ] = None,
    fill: Annotated[
        Repeated,
        typer.Option(
            metavar="FIELD=VALUE",
            help="The value of existing rows in a new or now required field: "
            "Product.colour=blue. uuid() and now() differ by row or run.",
            show_default=False,
        ),
    ] = None,
    drop: Annotated[
        Repeated,
        typer.Option(
            metavar="NAME",
            help="A removed field or class: Product.old. Its data is kept aside.",
            show_default=False,
        ),
    ] = None,
    convert: Annotated[
        Repeated,
        typer.Option(
            metavar="FIELD[=VALUE]",
            help="Convert stored values to the new type; VALUE replaces those that don't fit. "
            "Without VALUE, such rows stop the migration before it begins.",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[
        Repeated,
        typer.Option(
            metavar="FIELD.OLD=NEW",
            help="The value for rows with a removed member: Product.state.old=new.",
            show_default=False,
        ),
    ] = None,
    unused: Annotated[
        Repeated,
        typer.Option(
            metavar="FIELD.OLD",
            help="A removed member that no row has; otherwise the migration stops before it "
            "begins.",
            show_default=False,
        ),
    ] = None,
    restore: Annotated[
        Repeated,
        typer.Option(
            metavar="FIELD",
            help="A field that is back gets the values that were kept aside: Product.old.",
            show_default=False,
        ),
    ] = None,
    anew: Annotated[
        Repeated,
        typer.Option(
            metavar="FIELD",
            help="A field that is back begins anew; its former values stay aside.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Answer questions that lose nothing: removals that are kept aside "
            "and conversions that stop before they begin.",
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Change nothing; exit code 1 when classes differ from the newest migration, or "
            "migrations are pending.",
        ),
    ] = False,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the statements that would run; change nothing.")
    ] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="Delete for good what migrations kept aside.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Merge the newest migrations of two branches.")
    ] = False,
    empty: Annotated[
        bool,
        typer.Option(
            "--empty", help="Write a migration without steps, for your own, and run nothing."
        ),
    ] = False,
    rolling: Annotated[
        bool,
        typer.Option(
            "--rolling",
            help="Write two migrations: one before a rolling deploy, which processes of the old "
            "version survive, and one for --contract.",
        ),
    ] = False,
    contract: Annotated[
        bool,
        typer.Option(
            "--contract",
            help="Also run what waits until no process of the old version runs.",
        ),
    ] = False,
    blocking: Annotated[
        bool,
        typer.Option(
            "--blocking",
            help="Also run steps that block writers of a large table while a server runs.",
        ),
    ] = False,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database to the classes.

    Compares the classes with the newest file in migrations/, prints what
    changed, prompts where data could be lost, writes a new file and runs the
    pending ones. In a database whose tables exist, the first file describes
    them.

    Without a terminal, open questions are printed with the flags that answer
    them, and nothing is changed. Exit codes: 0 done or nothing to do, 1
    refused or failed, 2 open questions or wrong usage.

    With --json: {ok, changes, questions, written, recorded, applied, pending,
    waiting, without_file, old_processes}; a change is {title, text, in_database}, a
    question {about, text, flags}, an old process's experience {text, breaks}.
    """
    from starmodel.cli.migrations.answers.flags import Flags
    from starmodel.cli.migrations.command import Options, run
    from starmodel.cli.terminal.errors import reporting_errors

    flags = Flags(
        rename=rename or (),
        split=split or (),
        fill=fill or (),
        drop=drop or (),
        convert=convert or (),
        replace=replace or (),
        unused=unused or (),
        restore=restore or (),
        anew=anew or (),
    )
    with reporting_errors():
        options = Options(
            app=chosen_app(target, app),
            message=message,
            check=check,
            sql=sql,
            yes=yes,
            purge=purge,
            merge=merge,
            empty=empty,
            rolling=rolling,
            contract=contract,
            blocking=blocking,
            as_json=as_json,
        )
        code = run(options, flags)
    raise typer.Exit(code)
