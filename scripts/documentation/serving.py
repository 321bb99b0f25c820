"""Serves a program of the documents as its reader would: from a file, in a server process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 15.0


@contextmanager
def served(name: str, program: str) -> Iterator[str]:
    """Serve the program `name` from an empty folder; yields its URL.

    Raises: RuntimeError with the server's log, when it does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_text(program, encoding="utf-8")
        port = _free_port()
        url, log = f"http://127.0.0.1:{port}", Path(folder, "log")
        module = name.removesuffix(".py")
        command = [sys.executable, "-m", "uvicorn", f"{module}:app", f"--port={port}"]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("STARMODEL_")}
        with (
            log.open("wb") as out,
            subprocess.Popen(command, cwd=folder, env=kept, stdout=out, stderr=out) as server,
        ):
            try:
                _wait(server, url, log)
                yield url
            finally:
                server.kill()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_starmodel/health", timeout=1).close()  # noqa: S310
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The program did not start:\n{log.read_text(encoding='utf-8')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
