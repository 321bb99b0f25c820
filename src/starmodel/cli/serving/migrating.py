"""Runs `starmodel migrate` from the page of a failed start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from starmodel.cli.serving.variables import RELOADS_VARIABLE, TARGET_VARIABLE
from starmodel.config import load_settings
from starmodel.core.errors import ConfigurationError
from starmodel.migrations.files.folder import migration_paths

TIMEOUT_S = 3600
_COMMAND = "from starmodel.cli.main import main; main()"


def run_migrate() -> str | None:
    """Run `starmodel migrate --yes` on the application of this server; None when it succeeded.

    In a subprocess, which imports the current sources. The modification time of the newest
    migration file is updated, so that a reloading server restarts.

    Returns: the error output of a failed command.
    """
    target = os.environ[TARGET_VARIABLE]
    paths = [os.environ.get(RELOADS_VARIABLE, ""), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, "migrate", "--yes", "--app", target],
            capture_output=True, text=True, check=False, env=environment, timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"It did not end within {TIMEOUT_S:,} s."
    if done.returncode:
        return done.stderr.strip() or done.stdout.strip()
    _touch_newest()
    return None


def _touch_newest() -> None:
    try:
        paths = migration_paths(Path(load_settings().migrations_folder))
    except ConfigurationError:
        return
    if paths:
        paths[-1].touch()
