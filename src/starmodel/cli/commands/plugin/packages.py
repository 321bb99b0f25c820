"""`starmodel plugin add` and `remove`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from starmodel.cli.plugins.discovery import (
    PLUGIN_GROUP,
    EntryPointError,
    package_of,
    points_of,
    single_points,
)
from starmodel.cli.terminal.errors import CommandError, UsageError, reporting_errors
from starmodel.cli.terminal.options import AppOption

# Options of the installer are refused with the alternative.
ADD_SETTINGS = {"ignore_unknown_options": True, "allow_extra_args": True}


def add(
    ctx: typer.Context,
    package: Annotated[
        str,
        typer.Argument(
            metavar="PACKAGE",
            help="A requirement, such as starmodel-audit>=1.2, or a folder in the current one.",
        ),
    ],
) -> None:
    """Install a package into this environment, and list what it adds.

    Each plugin is loaded with the settings of this folder, and a failure is
    printed with place and remedy. The installer is pip, or uv where pip is
    missing, with its configuration. Add the package to your project's
    dependencies too.
    """
    from starmodel.cli.plugins.packages.installing import install
    from starmodel.cli.plugins.packages.requirements import installable

    with reporting_errors():
        argument = installable(package, *ctx.args)
        before = {_key(point) for point in _all_points()}
        install(argument)
        added = [point for point in _all_points() if _key(point) not in before]
        for point in added:
            if point.group != PLUGIN_GROUP:
                what = f"{package_of(point)} adds {point.name} to {point.group}."
                typer.echo(f"{what} {_note(point)}".strip())
        for sentence in _plugins({package_of(p) for p in added if p.group == PLUGIN_GROUP}):
            typer.echo(sentence)
    if not added:
        typer.echo(f"{package} is installed, and adds nothing to StarModel that was not there.")
    typer.echo("Put it into your project's dependencies, so that it is there elsewhere too.")


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the plugin.")],
    app: AppOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove it without a question.")] = False,
) -> None:
    """Uninstall the package that registers a plugin.

    Asks first, and names the entities and tables whose data stays. Refused for
    plugins of StarModel, of app/plugins and those passed in code.
    """
    from starmodel.cli.plugins.hosts import find_plugins
    from starmodel.cli.plugins.packages.installing import uninstall
    from starmodel.cli.plugins.packages.removal import OWN_PACKAGE, removal_of

    with reporting_errors():
        if name.lower() == OWN_PACKAGE:
            raise UsageError(
                "starmodel is the framework, not a plugin. Remove it with the installer: "
                "pip uninstall starmodel"
            )
        found = removal_of(name, find_plugins(app))
        if found.others:
            typer.echo(f"{found.package} also has the plugins {', '.join(found.others)}.")
        if found.dependents:
            typer.echo(f"Plugins that require it will not load: {', '.join(found.dependents)}.")
        typer.echo(_stays(found.data))
        if not yes and not typer.confirm(f"Uninstall {found.package}?"):
            raise CommandError("Nothing is removed.")
        uninstall(found.package)
    typer.echo(f"{found.package} is removed. Remove it from your project's dependencies too.")


def _stays(data: list[str] | None) -> str:
    if data is None:
        return "The data of its entities stays in the stores."
    if not data:
        return "It has no entities, so no data stays."
    return f"The data of its entities stays: {', '.join(data)}."


def _all_points() -> list[Any]:
    return [*points_of(PLUGIN_GROUP), *single_points()]


def _key(point: Any) -> tuple[str, str, str]:
    return (point.group, point.name, package_of(point))


def _note(point: Any) -> str:
    """Why the entry point is unused or fails; "" for one that loads."""
    from starmodel.cli.plugins.single_parts import check_point, unused_reason

    if reason := unused_reason(point, ()):
        return reason
    try:
        check_point(point)
    except EntryPointError as error:
        return f"It does not load: {error}"
    return ""


def _plugins(packages: set[str]) -> list[str]:
    """A sentence on each plugin of these packages: loaded, off or failed."""
    if not packages:
        return []
    from starmodel.cli.plugins.hosts import folder_plugins
    from starmodel.cli.plugins.reporting import sentence_of

    sentences = []
    for report in folder_plugins().host.reports:
        if report.package not in packages:
            continue
        if report.state == "failed":
            sentences.append(sentence_of(report))
        else:
            state = f"off: {report.reason}" if report.state == "off" else "loaded."
            text = f"{report.package} adds the plugin {report.name}, which is {state}"
            sentences.append(" ".join([text, *report.notes]))
    return sentences
