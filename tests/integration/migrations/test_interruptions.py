"""Processes that are killed while they migrate, and several that migrate at once.

MIGRATION_KILLS=all kills at every statement; otherwise at some.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent.parent
EVERY = os.environ.get("MIGRATION_KILLS") == "all"


def _run(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / program), *arguments],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.timeout(3600 if EVERY else 300)
@pytest.mark.parametrize("what", ["up", "down"])
@pytest.mark.parametrize("program", ["killed.py", "killed_rolling.py"])
def test_killed_migration_resumes_or_is_undone_without_loss(
    url: str, program: str, what: str
) -> None:
    first, distance = ("1", "1") if EVERY else ("3", "23")
    out, err = (run := _run(program, url, what, first, distance)).communicate()
    assert run.returncode == 0, err
    assert int(out) >= 4


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_of_ten_at_once_one_migrates_and_none_fails(url: str) -> None:
    out, err = (run := _run("migrating.py", url, "10")).communicate()
    assert run.returncode == 0, err
    assert sorted(out.split()) == ["0"] * 9 + ["2"]
