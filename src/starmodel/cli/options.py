"""Options that several commands have, worded once."""

from __future__ import annotations

from typing import Annotated

import typer

AppOption = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="TARGET",
        help="The application: a file (hello.py) or module:attribute. "
        "Without it: app.main:create_app, app.main:app or main:app of this folder.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
