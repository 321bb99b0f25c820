"""`starmodel plugin list`."""

from __future__ import annotations

from typing import Any

import typer

from starmodel.cli.plugins.discovery import EntryPointError, package_of, single_points
from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppOption, JsonOption
from starmodel.cli.terminal.output import print_json, table


def list_all(ctx: typer.Context, app: AppOption = None, as_json: JsonOption = False) -> None:
    """List the plugins of an application, and single entry points.

    Prints the state of each plugin, and its failure with place and remedy.
    Those of StarModel itself come last: they are built in.
    Without an application in this folder, the others are those of app/plugins
    and of installed packages, with the settings of this folder. Single entry
    points are commands, parts of pages and stores; those of other groups are
    listed as unused: this version does not load them.

    With --json: {plugins, entry_points}; a plugin is {name, version, state,
    source, package, where, reason, remedy, notes} with state on, off or
    failed, an entry point {group, name, value, package, version, state,
    reason} with state loads, fails or unused.
    """
    from starmodel.cli.plugins.hosts import find_plugins
    from starmodel.cli.plugins.reporting import described, details, reports_of

    root: Any = ctx.find_root().command
    with reporting_errors():
        reports = reports_of(find_plugins(app).host, root.commands)
    points = [_described(point, root.commands) for point in single_points()]
    if as_json:
        print_json({"plugins": [described(report) for report in reports], "entry_points": points})
        return
    states = [(r.name, r.version, _state(r.state, r.reason), r.source) for r in reports]
    parts = [table(("PLUGIN", "VERSION", "STATE", "FROM"), states)]
    parts += filter(None, [details(reports)])
    if points:
        rows = [
            (p["group"], p["name"], f"{p['package']} {p['version']}", _point_state(p))
            for p in points
        ]
        parts.append(table(("GROUP", "NAME", "PACKAGE", "STATE"), rows))
    typer.echo("\n\n".join(parts))


def _state(state: str, reason: str) -> str:
    return f"off: {reason}" if state == "off" else state


def _described(point: Any, built_in: Any) -> dict[str, str | None]:
    from starmodel.cli.plugins.single_parts import check_point, unused_reason

    state, reason = "loads", unused_reason(point, built_in)
    if reason:
        state = "unused"
    else:
        try:
            check_point(point)
        except EntryPointError as error:
            state, reason = "fails", str(error)
    return {
        "group": point.group,
        "name": point.name,
        "value": point.value,
        "package": package_of(point),
        "version": None if point.dist is None else point.dist.version,
        "state": state,
        "reason": reason or None,
    }


def _point_state(point: dict[str, Any]) -> str:
    return point["state"] if point["reason"] is None else f"{point['state']}: {point['reason']}"
