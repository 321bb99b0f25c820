"""`starmodel plugin new`: renders the package of a new plugin."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer

from starmodel.cli.scaffold.naming import release, title
from starmodel.cli.scaffold.rendering import render
from starmodel.cli.scaffold.writing import write_folder
from starmodel.cli.terminal.encoding import encodable
from starmodel.cli.terminal.errors import CommandError, UsageError, reporting_errors
from starmodel.cli.terminal.options import JsonOption
from starmodel.cli.terminal.output import print_json

MAX_NAME = 40


def new(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The name of the plugin: lower-case letters, digits and _.",
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The folder of the package. [default: starmodel-NAME]",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create an installable package with a small plugin and its tests.

    The plugin has an entity with an event, a navigation entry and settings. No
    file is overwritten, and a failure leaves no files behind.

    With --json: {plugin, package, folder, files, next}.
    """
    with reporting_errors():
        _check_name(name)
        package = f"starmodel-{name.replace('_', '-')}"
        target = folder or Path(package)
        if not target.absolute().parent.is_dir():
            raise CommandError(f"The folder {target.parent} does not exist. Make it first.")
        files = render(
            "plugin",
            (),
            {
                "starmodel_plugin_name": f"starmodel_{name}",
                "PLUGIN_NAME": name,
                "PLUGIN_PACKAGE": package,
                "PLUGIN_TITLE": title(name),
                "PluginClass": f"{name.title().replace('_', '')}Plugin",
                "~=0.0.0": f"~={release(installed_version('starmodel'))}",
            },
        )
        write_folder(target, files)
    place = shlex.quote(str(target))
    steps = [f"pip install -e {shlex.quote(f'{target}[test]')}", f"pytest {place}"]
    if as_json:
        document = {
            "plugin": name,
            "package": package,
            "folder": str(target.resolve()),
            "files": sorted(files),
            "next": steps,
        }
        print_json(document)
        return
    typer.echo(f"{encodable('✔', '*')} Plugin scaffolded in {target}")
    for step in steps:
        typer.echo(f"  {step}")


def _check_name(name: str) -> None:
    """Raises: UsageError, for a name that is no plugin's."""
    from starmodel.core.fields.entity_config import PLUGIN_NAME
    from starmodel.plugins.discovery import presumed_name

    if PLUGIN_NAME.fullmatch(name) and len(name) <= MAX_NAME and not name.endswith("_"):
        return
    plain = re.sub(r"[^a-z0-9]+", "_", presumed_name(name)).strip("_")
    hint = f": starmodel plugin new {plain}" if PLUGIN_NAME.fullmatch(plain) else "."
    raise UsageError(
        f"{name!r} is no name for a plugin. Names begin with a letter and have only lower-case "
        f"ASCII letters, digits and _ after it, at most {MAX_NAME}{hint}"
    )
