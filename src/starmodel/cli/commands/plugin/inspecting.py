"""`starmodel plugin inspect`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppOption, JsonOption
from starmodel.cli.terminal.output import columns, one_line, print_json, table


def inspect(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the plugin.")],
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one plugin: its state, order, settings and contributions.

    Secret settings are hidden. A plugin that is off is not imported, so its
    contributions are unknown.

    With --json: the keys of a plugin of `list`, and summary, class, requires,
    before, after, starmodel, settings, contributes, hooks; a setting is {name,
    value, origin}, contributes a list for each kind of contribution. Plugins
    that are off or failed have no key after summary.
    """
    from starmodel.cli.plugins.hosts import find_plugins
    from starmodel.cli.plugins.inspection import inspected
    from starmodel.cli.plugins.reporting import reports_of
    from starmodel.cli.plugins.switching import unknown_plugin

    root: Any = ctx.find_root().command
    with reporting_errors():
        found = find_plugins(app)
        reports = {report.name: report for report in reports_of(found.host, root.commands)}
        if name not in reports:
            raise unknown_plugin(name, sorted(reports))
        description = inspected(reports[name], found)
    if as_json:
        print_json(description)
        return
    from starmodel.cli.plugins.reporting import details

    parts = [*_parts(description), details([reports[name]])]
    typer.echo("\n\n".join(filter(None, parts)))


def _parts(description: dict[str, Any]) -> list[str]:
    state = description["state"]
    facts = [
        ("state", f"off: {description['reason']}" if state == "off" else state),
        ("version", description["version"]),
        ("from", description["source"]),
        ("summary", description["summary"]),
        *((key, ", ".join(description.get(key, ()))) for key in ("requires", "before", "after")),
        ("starmodel", description.get("starmodel")),
        ("hooks", ", ".join(description.get("hooks", ()))),
    ]
    heading = one_line(description["name"])
    parts = [f"{heading}\n{columns([fact for fact in facts if fact[1]], indent='  ')}"]
    if description.get("settings"):
        from starmodel.cli.terminal.setting_row import SettingRow

        rows = [SettingRow(**setting) for setting in description["settings"]]
        cells = [(row.name, row.text, row.origin) for row in rows]
        parts.append(table(("SETTING", "VALUE", "FROM"), cells))
    for kind, items in description.get("contributes", {}).items():
        if items:
            parts.append(f"{kind.replace('_', ' ').upper()}\n{_table(items)}")
    return parts


def _table(items: list[dict[str, Any]]) -> str:
    """The items below their keys, without columns that are empty in all of them."""
    keys = [key for key in items[0] if any(item.get(key) not in (None, "", []) for item in items)]
    rows = [[_cell(item.get(key)) for key in keys] for item in items]
    return columns([keys, *rows], indent="  ")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    return "" if value is None else str(value)
