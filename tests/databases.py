"""Private database servers, started once a session from installed programs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path
from signal import SIGINT
from typing import Any
from urllib.parse import urlsplit

import pytest

from private_server import PrivateServer, folder_of_server, free_port, run, serving, until
from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.repository import Repository

HOW = "run scripts/databases, or: apt-get install postgresql mariadb-server"


@contextlib.contextmanager
def postgresql_server() -> Iterator[PrivateServer]:
    """A new PostgreSQL server."""
    programs = _folder_of("initdb", *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True))
    if programs is None:
        pytest.skip(f"needs PostgreSQL's initdb and postgres: {HOW}")
    # PostgreSQL refuses to run as root.
    user = _other_user("postgres", "nobody") if os.getuid() == 0 else None
    with folder_of_server(user) as folder:
        data, port = folder / "data", free_port()
        options = ["--auth=trust", "--username=test", "--encoding=UTF8", "--locale=C.UTF-8"]
        run([programs / "initdb", "--no-sync", "--pgdata", data, *options], user)
        settings = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder,
            "fsync": "off", "deadlock_timeout": "50ms", "shared_buffers": "32MB",
        }  # fmt: skip
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        url = f"postgresql://test@127.0.0.1:{port}/test"
        with serving(
            [programs / "postgres", "-D", data, *words], url, user, folder, SIGINT
        ) as server:
            address = ["-h", "127.0.0.1", "-p", port, "-U", "test", "test"]
            until(lambda: run([programs / "createdb", *address], user))
            yield server


@contextlib.contextmanager
def mariadb_server() -> Iterator[PrivateServer]:
    """A new MariaDB server."""
    programs = _folder_of("mariadbd", "/usr/sbin", "/usr/libexec")
    install = shutil.which("mariadb-install-db")
    if programs is None or install is None:
        pytest.skip(f"needs MariaDB's mariadbd and mariadb-install-db: {HOW}")
    user = pwd.getpwuid(os.getuid()).pw_name
    with folder_of_server(None) as folder:
        data, port = folder / "data", free_port()
        # Separate temporary folders: servers use the same names for temporary tables.
        common = ["--no-defaults", f"--datadir={data}", f"--user={user}"]
        apart = [*common, f"--tmpdir={folder}"]
        quick = ["--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=2"]
        setup = [*common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        run(["env", f"TMPDIR={folder}", install, *setup], None)
        options = [
            *apart, *quick, f"--port={port}", "--bind-address=127.0.0.1", "--skip-log-bin",
            f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}", "--skip-name-resolve",
        ]  # fmt: skip
        url = f"mysql://root@127.0.0.1:{port}/test"
        with serving([programs / "mariadbd", *options], url, None, folder) as server:
            client = shutil.which("mariadb") or "mysql"
            address = ["--no-defaults", "-h127.0.0.1", f"-P{port}", "-uroot"]
            until(lambda: run([client, *address, "-e", "CREATE DATABASE test"], None))
            yield server


@contextlib.contextmanager
def mysql_server() -> Iterator[PrivateServer]:
    """A new MySQL server, whose user has a password."""
    user = pwd.getpwuid(os.getuid()).pw_name
    with folder_of_server(None) as folder:
        data, port, first = folder / "data", free_port(), folder / "first.sql"
        first.write_text(
            "CREATE DATABASE test;\nCREATE USER test IDENTIFIED BY 'secret';\n"
            "GRANT ALL ON *.* TO test;\n"
        )
        common = [_MYSQLD, "--no-defaults", f"--datadir={data}", f"--user={user}"]
        quick = [
            "--innodb-redo-log-capacity=32M", "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync", "--skip-log-bin",
        ]  # fmt: skip
        run([*common, *quick, "--initialize-insecure", f"--init-file={first}"], None)
        options = [
            f"--port={port}", "--bind-address=127.0.0.1", "--mysqlx=OFF", "--secure-file-priv=NULL",
            f"--tmpdir={folder}", f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}",
        ]  # fmt: skip
        url = f"mysql://test:secret@127.0.0.1:{port}/test"
        with serving([*common, *quick, *options], url, None, folder) as server:
            yield server


@contextlib.contextmanager
def redis_server(*options: str) -> Iterator[PrivateServer]:
    """A new Redis or Valkey server, without persistence unless the options say otherwise."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("needs redis-server: run scripts/databases, or: apt-get install redis-server")
    with folder_of_server(None) as folder:
        port = free_port()
        command = [
            program, "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "",
            "--daemonize", "no", *options,
        ]  # fmt: skip
        with serving(command, f"redis://127.0.0.1:{port}/0", None, folder) as server:
            yield server


def emptied_redis(url: str) -> str:
    """The same URL, after every key of its server is deleted."""
    import redis

    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


def _mysqld() -> str | None:
    """MySQL's own server: what MYSQLD names, or a `mysqld` that is not MariaDB's other name."""
    named = os.environ.get("MYSQLD")
    found = named or shutil.which("mysqld", path=f"{os.environ['PATH']}:/usr/sbin")
    if named and not os.access(named, os.X_OK):
        raise FileNotFoundError(f"MYSQLD names {named!r}, which is no program that can be run")
    return None if found is None or Path(found).resolve().name != "mysqld" else found


_MYSQLD = _mysqld()

SERVERS: dict[str, Callable[[], contextlib.AbstractContextManager[PrivateServer]]] = {
    "postgresql": postgresql_server,
    "mariadb": mariadb_server,
    # No Linux distribution in CI packages MySQL, so its tests are collected only where it exists.
    **({"mysql": mysql_server} if _MYSQLD else {}),
}
DATABASES = ("sqlite", *SERVERS)
STORES = (*DATABASES, "redis")
"""The stores that outlive their process."""


def empty_store(request: pytest.FixtureRequest, folder: Path, **options: Any) -> Repository:
    """An empty, closed repository of the kind that the fixture's parameter names."""
    if request.param == "redis":
        return RedisRepository(request.getfixturevalue("redis_url"), **options)
    return SqlRepository(empty_database(request, folder), **options)


def empty_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of an empty database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'app.db'}"
    return emptied(request.getfixturevalue(f"{request.param}_url"))


def emptied(url: str) -> str:
    """The same URL, after every table of its database is dropped."""
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

    place = urlsplit(url)
    link = await asyncmy.connect(
        host=place.hostname, port=place.port, user=place.username,
        password=place.password or "", autocommit=True,
    )  # fmt: skip
    async with link.cursor() as cursor:
        await cursor.execute("DROP DATABASE test")
        await cursor.execute("CREATE DATABASE test")
    await link.ensure_closed()


def _folder_of(program: str, *places: str) -> Path | None:
    """The folder of a program; given folders precede PATH, where the name may be a wrapper."""
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
