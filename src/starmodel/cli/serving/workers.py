"""Checks that several worker processes can share the state of an application."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

import typer

from starmodel.adapters.web.process_lock import REMEDY, process_local_reasons
from starmodel.app.application import Application
from starmodel.cli.serving.server import import_application, print_error
from starmodel.cli.serving.variables import TARGET_VARIABLE
from starmodel.cli.targets import Target
from starmodel.cli.terminal.errors import CommandError


def refuse_split_state(target: Target) -> None:
    """Refuse an application with state in the memory of one worker.

    The application is imported in a subprocess. ASGI applications of other
    frameworks are not checked.

    Raises: CommandError, with the stores and the bus that workers can't
    share; typer.Exit, when the application can't be imported.
    """
    done = subprocess.run(
        [sys.executable, "-m", "starmodel.cli.serving.workers", str(target.folder)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise typer.Exit(1)
    reasons = json.loads(done.stdout)
    if reasons:
        raise CommandError(f"--workers is refused. {' '.join(reasons)} {REMEDY}")


def _reasons(folder: str) -> list[str]:
    """Import the application and return why workers can't share its state; exits on failure."""
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout is for the JSON
            app: Any = import_application(os.environ[TARGET_VARIABLE])
            application = getattr(app, "starmodel", None)
            if not isinstance(application, Application):
                return []
            return process_local_reasons(application)
    except Exception as error:  # application code may raise anything
        print_error(error)
        raise SystemExit(1) from None


if __name__ == "__main__":
    typer.echo(json.dumps(_reasons(sys.argv[1])))
