"""Install a package into the environment that this command runs in."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess
import sys

from starmodel.cli.terminal.problems import CommandError


def install(package: str) -> None:
    """Let pip, or uv where pip is missing, install the package; what it prints is the user's.

    Shapes: package is what pip takes: a name, a name with a version, a folder.

    Raises: CommandError, when there is no installer, or it fails.
    """
    try:
        done = subprocess.run([*_installer(), package], stdout=sys.stderr, check=False)
    except OSError as error:
        raise CommandError(f"The installer can't be started: {error}.") from error
    if done.returncode:
        raise CommandError(f"{package!r} was not installed; the installer says above why.")
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
