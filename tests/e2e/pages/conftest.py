"""One server of the order desk for the tests of this folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.serving import Server, example_server


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The example with 500 orders."""
    server = example_server(tmp_path_factory.mktemp("desk"), "desk")
    command = Path(sys.executable).with_name("starmodel")
    add = [command, "event", "Samples", "add", "--orders", "500", "--app", "desk/app.py"]
    subprocess.run(add, cwd=server.folder, check=True, capture_output=True)
    with server:
        yield server
