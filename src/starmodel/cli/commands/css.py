"""`starmodel css build`: compiles the Tailwind classes of an application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from starmodel.cli.css.class_names import class_names, source_files
from starmodel.cli.targets import find_target
from starmodel.cli.terminal.errors import CommandError, fail

css = typer.Typer(help="The style sheet of an application's own classes.", no_args_is_help=True)


@css.callback()
def _group() -> None:
    """The style sheet of an application's own classes."""


@css.command()
def build(
    app: Annotated[
        str | None,
        typer.Argument(
            help="The application, as for `starmodel run`.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write static/starmodel-app.css for production.

    It has every Tailwind class that the application's Python files and
    templates name in full. Pages link it when env=production; in development
    the browser compiles classes.
    """
    from starmodel.adapters.web.pages.head import APPLICATION_CSS
    from starmodel.cli.css.tailwind import compile_classes

    try:
        folder = find_target(app, Path.cwd()).folder
        files = list(source_files(folder))
        text = compile_classes(class_names(files))
    except CommandError as error:
        fail(error)
    file = Path(APPLICATION_CSS)
    file.parent.mkdir(exist_ok=True)
    temporary = file.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)  # atomic for a running server
    typer.echo(f"{file}: {len(text.encode()) / 1000:.1f} kB from {len(files)} files of {folder}")
