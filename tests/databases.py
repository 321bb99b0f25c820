"""Private database servers for the tests: started from what is installed, once a session."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from typing import Any

import pytest

QUICK = 30.0
_LAUNCHER = ThreadPoolExecutor(1)
HOW = "run scripts/databases, or: apt-get install postgresql mariadb-server"


@dataclass
class PrivateServer:
    """A server of these tests. Shapes: url is of its database "test"."""

    url: str
    command: list[str]
    user: str | None
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def ending(self) -> Signals:
        """The signal after which it ends without waiting for those who are connected."""
        return SIGTERM if "mariadbd" in self.command[0] else SIGINT

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with self.log.open("ab") as told:
            # A server ends with the thread that started it, so this one lives as long as the tests.
            self.process = _LAUNCHER.submit(
                subprocess.Popen,
                [*_dying_with_us(self.ending.name[3:]), *self.command],
                user=self.user, stdout=told, stderr=told, cwd="/",
            ).result()  # fmt: skip
        _until(lambda: socket.create_connection(("127.0.0.1", self.port), 1).close())

    def kill(self) -> None:
        """As after kill -9: it can tell nobody."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Stop it without waiting for those who are connected."""
        assert self.process is not None
        self.process.send_signal(self.ending)
        try:
            self.process.wait(QUICK)
        except subprocess.TimeoutExpired:
            self.kill()


@contextlib.contextmanager
def postgresql_server() -> Iterator[PrivateServer]:
    """A new PostgreSQL server."""
    bin = _folder_of("initdb", *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True))
    if bin is None:
        pytest.skip(f"needs PostgreSQL's initdb and postgres: {HOW}")
    # PostgreSQL refuses to run as root.
    user = _other_user("postgres", "nobody") if os.getuid() == 0 else None
    with _folder(user) as folder:
        data, port = folder / "data", _free_port()
        options = ["--auth=trust", "--username=test", "--encoding=UTF8", "--locale=C.UTF-8"]
        _run([bin / "initdb", "--no-sync", "--pgdata", data, *options], user)
        settings = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder,
            "fsync": "off", "deadlock_timeout": "50ms", "shared_buffers": "32MB",
        }  # fmt: skip
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        url = f"postgresql://test@127.0.0.1:{port}/test"
        with _serving([bin / "postgres", "-D", data, *words], url, user, folder) as server:
            address = ["-h", "127.0.0.1", "-p", port, "-U", "test", "test"]
            _until(lambda: _run([bin / "createdb", *address], user))
            yield server


@contextlib.contextmanager
def mariadb_server() -> Iterator[PrivateServer]:
    """A new MariaDB server."""
    bin = _folder_of("mariadbd", "/usr/sbin", "/usr/libexec")
    install = shutil.which("mariadb-install-db")
    if bin is None or install is None:
        pytest.skip(f"needs MariaDB's mariadbd and mariadb-install-db: {HOW}")
    user = pwd.getpwuid(os.getuid()).pw_name
    with _folder(None) as folder:
        data, port = folder / "data", _free_port()
        # Temporary tables of its own: those of all servers on one machine would share their names.
        common = ["--no-defaults", f"--datadir={data}", f"--user={user}"]
        apart = [*common, f"--tmpdir={folder}"]
        quick = ["--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=2"]
        setup = [*common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        _run(["env", f"TMPDIR={folder}", install, *setup], None)
        options = [
            *apart, *quick, f"--port={port}", "--bind-address=127.0.0.1", "--skip-log-bin",
            f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}", "--skip-name-resolve",
        ]  # fmt: skip
        url = f"mysql://root@127.0.0.1:{port}/test"
        with _serving([bin / "mariadbd", *options], url, None, folder) as server:
            client = shutil.which("mariadb") or "mysql"
            address = ["--no-defaults", "-h127.0.0.1", f"-P{port}", "-uroot"]
            _until(lambda: _run([client, *address, "-e", "CREATE DATABASE test"], None))
            yield server


def _dying_with_us(name: str) -> list[str]:
    """Lets a server end with the tests also when they are killed, where Linux's setpriv is."""
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", name]


def emptied(url: str) -> str:
    """The same url, after everything in its database was removed."""
    asyncio.run(_empty(url))
    return url


async def _empty(url: str) -> None:
    if url.startswith("postgresql"):
        import asyncpg

        link = await asyncpg.connect(url)
        await link.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await link.close()
        return
    import asyncmy

    host, port = url.rpartition("@")[2].partition("/")[0].split(":")
    link = await asyncmy.connect(host=host, port=int(port), user="root", autocommit=True)
    async with link.cursor() as cursor:
        await cursor.execute("DROP DATABASE test")
        await cursor.execute("CREATE DATABASE test")
    await link.ensure_closed()


def _folder_of(program: str, *places: str) -> Path | None:
    """Where the program is; first in these places, because a name on PATH may be a wrapper."""
    for place in places:
        if (Path(place) / program).exists():
            return Path(place)
    found = shutil.which(program)
    return None if found is None else Path(found).parent


def _other_user(*names: str) -> str:
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise AssertionError(f"this system has none of the users {names}")


@contextlib.contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    """A folder that this user may reach; pytest's own lies below one that only root enters."""
    folder = Path(tempfile.mkdtemp(prefix="starmodel-db-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[Any], user: str | None) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        user=user, capture_output=True, text=True, timeout=60, check=False, cwd="/",
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")


@contextlib.contextmanager
def _serving(
    command: list[Any], url: str, user: str | None, folder: Path
) -> Iterator[PrivateServer]:
    port = int(url.rpartition(":")[2].partition("/")[0])
    server = PrivateServer(url, [str(word) for word in command], user, port, folder / "log")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _until(attempt: Any) -> None:
    end = time.monotonic() + QUICK
    while True:
        try:
            attempt()
            return
        except (OSError, RuntimeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
