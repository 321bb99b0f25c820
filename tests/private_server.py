"""Server processes that tests start, kill and restart, and that end with the test run."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any
from urllib.parse import urlsplit

QUICK = 30.0
_LAUNCHER = ThreadPoolExecutor(1)


@dataclass
class PrivateServer:
    """A database server.

    Shapes: url is of its database "test"; ending is the signal after which
    it ends without waiting for those who are connected.
    """

    url: str
    command: list[str]
    user: str | None
    port: int
    log: Path
    ending: Signals
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens. Raises: RuntimeError with its log."""
        with self.log.open("ab") as told:
            # PDEATHSIG is per thread, so one thread that outlives the tests starts all servers.
            self.process = _LAUNCHER.submit(
                subprocess.Popen,
                [*_dying_with_us(self.ending.name[3:]), *self.command],
                user=self.user, stdout=told, stderr=told, cwd="/",
            ).result()  # fmt: skip
        try:
            until(lambda: socket.create_connection(("127.0.0.1", self.port), 1).close())
        except OSError as error:
            self.kill()
            raise RuntimeError(f"{self.command[0]} failed: {self.log.read_text()}") from error

    def kill(self) -> None:
        """Send SIGKILL, so that clients get no shutdown notice."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Stop the server without waiting for its connections."""
        assert self.process is not None
        self.process.send_signal(self.ending)
        try:
            self.process.wait(QUICK)
        except subprocess.TimeoutExpired:
            self.kill()


def _dying_with_us(name: str) -> list[str]:
    """Prefix that ends a server when the test process is killed, where Linux has setpriv."""
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", name]


@contextlib.contextmanager
def folder_of_server(user: str | None) -> Iterator[Path]:
    """A folder that this user may reach; pytest's temporary folder is readable by root only."""
    folder = Path(tempfile.mkdtemp(prefix="starmodel-db-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command: list[Any], user: str | None) -> None:
    """Run a command. Raises: RuntimeError with its output, when it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        user=user, capture_output=True, text=True, timeout=60, check=False, cwd="/",
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")


@contextlib.contextmanager
def serving(
    command: list[Any], url: str, user: str | None, folder: Path, ending: Signals = SIGTERM
) -> Iterator[PrivateServer]:
    """A running server on the port of the URL; it stops at the end of the context."""
    port = urlsplit(url).port
    assert port is not None
    server = PrivateServer(url, [str(word) for word in command], user, port, folder / "log", ending)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def until(attempt: Callable[[], object]) -> None:
    """Retry until the call succeeds. Raises: the last error, after a timeout."""
    end = time.monotonic() + QUICK
    while True:
        try:
            attempt()
            return
        except (OSError, RuntimeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
