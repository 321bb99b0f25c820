"""A new project passes mypy."""

import subprocess
import sys
from pathlib import Path

import pytest

STARMODEL = [sys.executable, "-c", "from starmodel.cli.main import main; main()"]


@pytest.mark.parametrize("web", ["fasthtml", "starlette"])
def test_new_project_has_no_type_errors(tmp_path: Path, web: str) -> None:
    command = [*STARMODEL, "init", "shop", "--web", web]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "app", "tests"],
        cwd=tmp_path / "shop",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
