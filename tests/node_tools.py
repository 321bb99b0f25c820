"""npm tools for tests, installed once from `e2e/tools/package-lock.json`."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "e2e" / "tools"


@cache
def tool(path: str) -> Path:
    """A file below `node_modules`; none of them ships."""
    file = FOLDER / "node_modules" / path
    if not file.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"needs npm on PATH, for {path}: apt-get install npm")
        subprocess.run([npm, "ci"], cwd=FOLDER, check=True, capture_output=True)
    return file
