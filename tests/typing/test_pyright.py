"""Type errors that pyright, and editors that run it, report in application code."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from mypy import api

from node_tools import tool

HERE = Path(__file__).parent
DOCUMENTED = HERE / "documented_code.py"
MARKED = HERE / "user_code.py"


@cache
def _found() -> list[dict[str, Any]]:
    """The errors in both programs."""
    script = tool("pyright/index.js")
    command = ["node", str(script), "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, str(DOCUMENTED), str(MARKED)], capture_output=True, text=True, check=False,
        cwd=HERE,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 2, done.stdout + done.stderr
    return [item for item in report["generalDiagnostics"] if item["severity"] == "error"]


def _lines(program: Path) -> dict[int, str]:
    return {
        item["range"]["start"]["line"] + 1: item["message"]
        for item in _found()
        if item["file"] == str(program)
    }


def test_documented_code_passes_pyright() -> None:
    assert _lines(DOCUMENTED) == {}


def test_documented_code_passes_mypy() -> None:
    said, broken, code = api.run(["--strict", str(DOCUMENTED)])
    assert code == 0, said + broken


def test_pyright_rejects_marked_lines() -> None:
    marked = {
        number for number, line in enumerate(MARKED.read_text().splitlines(), 1) if "# E: " in line
    }
    assert _lines(MARKED).keys() == marked
