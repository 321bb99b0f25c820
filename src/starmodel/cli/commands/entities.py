"""`starmodel entities`: the schema of entities and the signatures of their events."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from starmodel.cli.events.completion import entity_names
from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppArgument, AppOption, JsonOption, chosen_app
from starmodel.cli.terminal.output import columns, print_json, table

entities = typer.Typer(help="The entities of an application.", no_args_is_help=True)


@entities.command("list")
def list_all(
    target: AppArgument = None, app: AppOption = None, as_json: JsonOption = False
) -> None:
    """List the entities with their stores, scopes and paths.

    With --json: a list of {name, store, scope, path, access, fields, events}.
    """
    from starmodel.cli.events.describe import overview
    from starmodel.cli.serving.loading import load_application

    with reporting_errors():
        overviews = [
            overview(entity_type)
            for entity_type in load_application(chosen_app(target, app)).registry
        ]
    if as_json:
        print_json(overviews)
        return
    if not overviews:
        typer.echo("This application has no entities.")
        return
    rows = [
        (e["name"], e["store"], e["scope"], e["path"] or "-", len(e["fields"]), len(e["events"]))
        for e in overviews
    ]
    typer.echo(table(("NAME", "STORE", "SCOPE", "PATH", "FIELDS", "EVENTS"), rows))


@entities.command()
def inspect(
    name: Annotated[
        str,
        typer.Argument(
            help="The entity's class name.", metavar="NAME", autocompletion=entity_names
        ),
    ],
    target: AppArgument = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one entity: its fields, events, access rules and table.

    With --json: the keys of `list`, and module, ttl_s, computed, table; its
    fields are {name, type, required, private, editable, signal, constraints,
    default or made_by, access if the field has rules}, its events {name,
    signature, kind, access, routes, about}.
    """
    from starmodel.cli.events.describe import detail
    from starmodel.cli.events.lookup import find_entity
    from starmodel.cli.serving.loading import load_app

    with reporting_errors():
        found = load_app(chosen_app(target, app))
        description = detail(find_entity(found.starmodel, name), found.gateway)
    if as_json:
        print_json(description)
    else:
        typer.echo("\n\n".join(_parts(description)))


def _parts(description: dict[str, Any]) -> list[str]:
    access = description["access"]
    facts = [
        ("store", description["store"]),
        ("scope", description["scope"]),
        ("path", description["path"] or "none"),
        ("access", f"read {access['read']}, write {access['write']}"),
    ]
    if description["ttl_s"] is not None:
        facts.append(("ttl", f"{description['ttl_s']:g} s"))
    fields = [
        (f["name"], f["type"], _default(f), _rules(f), _marks(f)) for f in description["fields"]
    ] + [(f["name"], f["type"], "computed", "", _marks(f)) for f in description["computed"]]
    events = [
        (e["signature"], e["access"], next(iter(e["routes"]), "-"), e["about"])
        for e in description["events"]
    ]
    parts = [
        f"{description['name']} ({description['module']})\n{columns(facts, indent='  ')}",
        table(("FIELD", "TYPE", "DEFAULT", "RULES", "MARKS"), fields),
        table(("EVENT", "ACCESS", "ROUTE", "ABOUT"), events),
    ]
    if description["table"] is not None:
        rows = [
            (c["name"], c["type"], _column_constraint(c)) for c in description["table"]["columns"]
        ]
        heading = f"TABLE {description['table']['name']}"
        parts.append(f"{heading}\n{columns(rows, indent='  ')}")
    return parts


def _default(field: dict[str, Any]) -> str:
    if field["required"]:
        return "required"
    if "made_by" in field:
        return f"{field['made_by']}()"
    return repr(field["default"]) if "default" in field else "hidden"


def _rules(field: dict[str, Any]) -> str:
    rules = [f"{name}={value!r}" for name, value in field["constraints"].items()]
    rules += [f"{need}: {rule}" for need, rule in field.get("access", {}).items()]
    return ", ".join(rules)


def _marks(field: dict[str, Any]) -> str:
    marks = ["private"] if field["private"] else []
    marks += ["signal"] if field["signal"] else []
    marks += [] if field.get("editable", True) or field["private"] else ["read-only"]
    return ", ".join(marks)


def _column_constraint(column: dict[str, Any]) -> str:
    if column["primary_key"]:
        return "primary key"
    return "" if column["nullable"] else "not null"
