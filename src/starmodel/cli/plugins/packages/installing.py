"""Installs packages into the current Python environment, and removes them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

from starmodel.cli.terminal.errors import CommandError
from starmodel.plugins.discovery import forget_packages


def install(package: str) -> None:
    """Install a package with pip, or with uv when pip is missing; output goes to stderr.

    Shapes: package is a requirement or the path of a folder, as for pip.

    Raises: CommandError, when there is no installer, or it fails.
    """
    if _run(*_installer("install"), "--", package):
        raise CommandError(f"{package!r} was not installed; see the installer's output above.")


def uninstall(package: str) -> None:
    """Remove an installed package without a question; output goes to stderr.

    Raises: CommandError, when there is no installer, or it fails.
    """
    options = ["--yes"] if _has_pip() else []
    if _run(*_installer("uninstall"), *options, "--", package):
        raise CommandError(f"{package!r} was not removed; see the installer's output above.")


def _run(*command: str) -> int:
    try:
        done = subprocess.run(command, stdout=sys.stderr, check=False)
    except OSError as error:
        raise CommandError(f"The installer can't be started: {error}.") from error
    forget_packages()
    return done.returncode


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


def _installer(verb: str) -> list[str]:
    if _has_pip():
        return [sys.executable, "-m", "pip", verb, "--disable-pip-version-check"]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", verb, "--python", sys.executable]
    raise CommandError(
        "This environment has no pip, and there is no uv on PATH. "
        f"{verb.capitalize()} the package with the tool that made {sys.prefix}."
    )
