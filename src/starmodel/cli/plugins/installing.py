"""Installs packages into the current Python environment."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess
import sys

from starmodel.cli.terminal.errors import CommandError


def install(package: str) -> None:
    """Install a package with pip, or with uv when pip is missing; output goes to stderr.

    Shapes: package is a requirement or a folder, as for pip.

    Raises: CommandError, when there is no installer, or it fails.
    """
    try:
        done = subprocess.run([*_installer(), package], stdout=sys.stderr, check=False)
    except OSError as error:
        raise CommandError(f"The installer can't be started: {error}.") from error
    if done.returncode:
        raise CommandError(f"{package!r} was not installed; see the installer's output above.")
    importlib.invalidate_caches()


def _installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--"]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--python", sys.executable, "--"]
    raise CommandError(
        "This environment has no pip, and there is no uv on PATH. "
        f"Install the package with the tool that made {sys.prefix}."
    )
