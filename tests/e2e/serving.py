"""A server process that tests stop, kill and restart."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

EXAMPLES = Path(__file__).parents[2] / "examples"
START_S, STOP_S = 15.0, 5.0


class Server:
    """Serves `main.py` of a folder, on the same port after each restart.

    Shapes: "{port}" in the command is replaced.
    """

    UVICORN = (sys.executable, "-m", "uvicorn", "main:app", "--port={port}", "--no-access-log")

    def __init__(
        self, folder: Path, program: str, *, command: Sequence[str] = UVICORN, name: str = "main.py"
    ) -> None:
        self.folder, self.port = folder, _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [part.format(port=self.port) for part in command]
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(program, encoding="utf-8")

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self, **environment: str) -> None:
        """Return when the server answers. Raises: RuntimeError with its log, when it does not."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("STARMODEL_")}
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=kept | {"PYTHONUNBUFFERED": "1", **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,  # a reloading server is two processes
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start:\n{self.log}")
            time.sleep(0.02)

    def died(self) -> bool:
        """True when the server was started and has exited since."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Send SIGTERM, as a deployment does, and wait for the exit."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, which ends the server without a shutdown."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Suspend the server: connections stay open without a response."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def sign_in_url(self) -> str:
        """The development sign-in URL from the server's log."""
        found = re.findall(r"/\?token=\w+", self.log)
        return self.url + found[-1]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):  # it may have exited just now
            os.killpg(process.pid, number)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_starmodel/health", timeout=1) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


PARTS = {"demo": ["desk"]}
"""The other examples that an example imports."""


def example_server(folder: Path, name: str) -> Server:
    """A server of a copy of `examples/<name>/app.py`, run by `starmodel run`."""
    for each in (name, *PARTS.get(name, ())):
        shutil.copytree(
            EXAMPLES / each, folder / each, ignore=shutil.ignore_patterns("__pycache__")
        )
    program = (EXAMPLES / name / "app.py").read_text(encoding="utf-8")
    starmodel = str(Path(sys.executable).with_name("starmodel"))
    command = (starmodel, "run", f"{name}/app.py", "--no-reload", "--port={port}")
    return Server(folder, program, command=command, name=f"{name}/app.py")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
