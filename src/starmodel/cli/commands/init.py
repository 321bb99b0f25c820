"""`starmodel init`: renders a new project from templates."""

from __future__ import annotations

import re
import secrets
import shlex
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Literal

import typer

from starmodel.cli.scaffold.naming import release, title
from starmodel.cli.scaffold.rendering import render
from starmodel.cli.scaffold.writing import write_folder
from starmodel.cli.terminal.encoding import encodable
from starmodel.cli.terminal.errors import CommandError, UsageError, fail
from starmodel.cli.terminal.options import JsonOption
from starmodel.cli.terminal.output import print_json

# The stores without a server process, and the driver that each adds.
STORES = {"memory": "", "browser": "", "sql": "SQLite", "redis": "Redis"}
_DEFAULT_STORES = ("memory", "browser", "sql")
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|[-_](?=[A-Za-z0-9]))*")
MAX_NAME = 64
_FRAMEWORK_TEXTS = {
    "fasthtml": {},
    "starlette": {'title="PROJECT_TITLE")': 'title="PROJECT_TITLE", web="starlette")'},
}
_SETTINGS = "create_app(settings=settings"
_PARTS = {"fasthtml": ["FastHTML", "MonsterUI"], "starlette": ["Starlette", "Jinja"]}


def init(
    name: Annotated[
        str,
        typer.Argument(
            help="The new project: a name, or a path that ends in one. "
            "A dot means the current folder, which must be empty.",
            show_default=False,
        ),
    ],
    memory: Annotated[
        bool, typer.Option("--memory", help="With the example in the server's memory.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser", help="With the example in the visitor's browser.")
    ] = False,
    sql: Annotated[bool, typer.Option("--sql", help="With the example in the database.")] = False,
    redis: Annotated[
        bool, typer.Option("--redis", help="With an example in Redis, which needs a server.")
    ] = False,
    minimal: Annotated[
        bool, typer.Option("--minimal", help="One file with one entity, and nothing else.")
    ] = False,
    auth: Annotated[
        bool, typer.Option("--auth", help="With users, and pages to sign in and out.")
    ] = False,
    web: Annotated[
        Literal["fasthtml", "starlette"],
        typer.Option("--web", help="The web framework; pages of starlette are Jinja templates."),
    ] = "fasthtml",
    as_json: JsonOption = False,
) -> None:
    """Create a runnable project with examples, tests and a new secret key.

    Without a store option it has an example of every store that needs no
    server. No file is overwritten, and a failure leaves no files behind.

    With --json: {project, folder, stores, files, next}.
    """
    options = {"memory": memory, "browser": browser, "sql": sql, "redis": redis}
    chosen = [store for store, on in options.items() if on]
    try:
        if minimal and chosen:
            raise UsageError(
                "--minimal is one entity in memory; it goes with no store's option. "
                f"Leave out --minimal or --{chosen[0]}."
            )
        if minimal and auth:
            raise UsageError(
                "--minimal is one entity without users. Leave out --minimal or --auth."
            )
        folder = Path(name)
        project = _project_name(name, folder)
        stores = ["memory"] if minimal else chosen or list(_DEFAULT_STORES)
        values = {
            **_FRAMEWORK_TEXTS[web],
            **({_SETTINGS: f"{_SETTINGS}, auth=True"} if auth else {}),
            "PROJECT_NAME": project,
            "PROJECT_TITLE": title(project),
            "starmodel~=0.0.0": f"starmodel~={release(installed_version('starmodel'))}",
            "NEW_KEY": secrets.token_urlsafe(32),
        }
        features = [*stores, web, *(["auth"] if auth else [])]
        files = render("minimal" if minimal else "project", features, values)
        write_folder(folder, files)
    except CommandError as error:
        fail(error)
    steps = [*([] if name == "." else [f"cd {shlex.quote(name)}"]), "starmodel run"]
    if as_json:
        document = {
            "project": project,
            "folder": str(folder.resolve()),
            "stores": stores,
            "files": sorted(files),
            "next": steps,
        }
        print_json(document)
        return
    parts = [*_PARTS[web], *filter(None, map(STORES.__getitem__, stores))]
    typer.echo(f"{encodable('✔', '*')} Project scaffolded ({' + '.join(parts)})")
    typer.echo(f"  {' && '.join(steps)}")


def _project_name(argument: str, folder: Path) -> str:
    """The project name, from the folder name.

    Raises: UsageError, for an invalid Python project name; CommandError, for a
    missing parent folder.
    """
    here = argument in (".", "./")
    name = folder.resolve().name if here else folder.name
    if here:
        name = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "project"
        name = name if name[0].isalpha() else f"project-{name}"
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise UsageError(
            f"{argument!r} is no name for a project. Names begin with a letter and have only ASCII "
            f"letters, digits, and single - or _ between them, at most {MAX_NAME}: "
            "starmodel init my-shop"
        )
    if name.lower().replace("_", "-") == "starmodel":
        raise UsageError(
            "A project that is named 'starmodel' could not depend on starmodel. "
            "Choose another name: starmodel init my-starmodel"
        )
    if not folder.absolute().parent.is_dir():
        raise CommandError(
            f"The folder {folder.parent} does not exist. Make it first, or leave it out: "
            f"starmodel init {name}"
        )
    return name
