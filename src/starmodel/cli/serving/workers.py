"""Whether several processes may serve an application, asked before any of them starts."""

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
from starmodel.cli.serving.server import TARGET_VARIABLE, imported, tell
from starmodel.cli.targets import Target
from starmodel.cli.terminal.problems import CommandError


def refuse_split_state(target: Target) -> None:
    """Return when workers would share all that this application keeps.

    The application is loaded in a process of its own, which ends again.
    An application that is not StarModel's is not looked into.

    Raises: CommandError, naming what each worker would have for itself;
    typer.Exit, after the reason was printed, when it can't be loaded.
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
    """Loads the application; ends with exit code 1 and the reason on stderr when that fails."""
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout is the answer
            app: Any = imported(os.environ[TARGET_VARIABLE])
            application = getattr(app, "starmodel", None)
            if not isinstance(application, Application):
                return []
            return process_local_reasons(application)
    except Exception as error:  # whatever a user's module does when it is imported
        tell(error)
        raise SystemExit(1) from None


if __name__ == "__main__":
    typer.echo(json.dumps(_reasons(sys.argv[1])))
