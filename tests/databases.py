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
from glob import glob
from pathlib import Path
from typing import Any

import pytest

QUICK = 30.0
HOW = "run scripts/databases, or: apt-get install postgresql mariadb-server"


@contextlib.contextmanager
def postgresql_server() -> Iterator[str]:
    """The url of the database "test" on a new PostgreSQL server."""
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
        with _server([bin / "postgres", "-D", data, *words], user, folder, port):
            sql = ["-h", "127.0.0.1", "-p", port, "-U", "test", "test"]
            _until(lambda: _run([bin / "createdb", *sql], user))
            yield f"postgresql://test@127.0.0.1:{port}/test"


@contextlib.contextmanager
def mariadb_server() -> Iterator[str]:
    """The url of the database "test" on a new MariaDB server."""
    bin = _folder_of("mariadbd", "/usr/sbin", "/usr/libexec")
    install = shutil.which("mariadb-install-db")
    if bin is None or install is None:
        pytest.skip(f"needs MariaDB's mariadbd and mariadb-install-db: {HOW}")
    user = pwd.getpwuid(os.getuid()).pw_name
    with _folder(None) as folder:
        data, port = folder / "data", _free_port()
        common = ["--no-defaults", f"--datadir={data}", f"--user={user}"]
        quick = ["--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0"]
        _run([install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"], None)
        options = [
            *common, *quick, f"--port={port}", "--bind-address=127.0.0.1", "--skip-log-bin",
            f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}", "--skip-name-resolve",
        ]  # fmt: skip
        with _server([bin / "mariadbd", *options], None, folder, port):
            client = shutil.which("mariadb") or "mysql"
            address = ["--no-defaults", "-h127.0.0.1", f"-P{port}", "-uroot"]
            _until(lambda: _run([client, *address, "-e", "CREATE DATABASE test"], None))
            yield f"mysql://root@127.0.0.1:{port}/test"


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
def _server(command: list[Any], user: str | None, folder: Path, port: int) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as told:
        words = [str(word) for word in command]
        process = subprocess.Popen(words, user=user, stdout=told, stderr=told, cwd="/")
    try:
        _until(lambda: socket.create_connection(("127.0.0.1", port), 1).close())
        yield
    finally:
        process.terminate() if "mariadbd" in words[0] else process.send_signal(3)
        try:
            process.wait(QUICK)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
