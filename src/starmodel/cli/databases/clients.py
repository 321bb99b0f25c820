"""The command-line clients of databases, started without a password on their command line."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from types import FrameType
from typing import NamedTuple

from sqlalchemy.engine import URL

from starmodel.adapters.persistence.sql.engines import parsed_url
from starmodel.cli.terminal.errors import CommandError

_PACKAGES = {
    "sqlite": "the package sqlite3",
    "postgresql": "the package postgresql-client",
    "mysql": "the package mariadb-client or mysql-client",
}
_PROGRAMS = {"sqlite": ("sqlite3",), "postgresql": ("psql",), "mysql": ("mariadb", "mysql")}


class Client(NamedTuple):
    """A program with its arguments. Shapes: variables has the password."""

    arguments: list[str]
    variables: Mapping[str, str]


def client_of(url: str) -> Client:
    """Return the client for the database of a URL.

    Raises: CommandError, naming the program to install; ConfigurationError, for the URL.
    """
    parsed, kind = parsed_url(url)
    program = next(filter(None, map(shutil.which, _PROGRAMS[kind])), None)
    if program is None:
        names = " or ".join(_PROGRAMS[kind])
        raise CommandError(
            f"The program {names} is not installed, so there is no shell. Install {_PACKAGES[kind]}"
            " of your system, and run this again."
        )
    if kind == "sqlite":
        return _sqlite(program, parsed)
    return _psql(program, parsed) if kind == "postgresql" else _mysql(program, parsed)


def run_client(client: Client) -> int:
    """Run the client in this terminal; return its exit code. Ctrl+C reaches the client alone."""
    earlier = signal.signal(signal.SIGINT, _ignore)
    try:
        return subprocess.run(
            client.arguments, env={**os.environ, **client.variables}, check=False
        ).returncode
    finally:
        signal.signal(signal.SIGINT, earlier)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing. Unlike SIG_IGN, a handler is not inherited by the client."""


def _sqlite(program: str, url: URL) -> Client:
    if url.database in (None, "", ":memory:"):
        raise CommandError(
            "The database is in the memory of the application, so no other program can open it. "
            "Set DATABASE_URL to a file, such as sqlite:///starmodel.db."
        )
    file = str(url.database)
    # A path that begins with a dash would be an option.
    return Client([program, f"./{file}" if file.startswith("-") else file], {})


def _psql(program: str, url: URL) -> Client:
    query = {name: value for name, value in url.query.items() if "password" not in name}
    given = url.query.get("password")
    password = url.password or (given if isinstance(given, str) else None)
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    variables = {"PGPASSWORD": password} if password else {}
    return Client([program, bare.render_as_string(hide_password=False)], variables)


def _mysql(program: str, url: URL) -> Client:
    options = {
        "--host": url.host or "127.0.0.1",
        "--port": str(url.port or 3306),
        "--user": url.username,
        "--socket": url.query.get("unix_socket"),
        "--ssl-ca": url.query.get("ssl_ca"),
    }
    if options["--socket"]:
        options["--host"] = options["--port"] = None
    arguments = [f"{name}={value}" for name, value in options.items() if value]
    if str(url.query.get("ssl", "")).lower() in ("true", "1") or "ssl_ca" in url.query:
        is_mariadb = os.path.basename(program).startswith("mariadb")
        arguments.append("--ssl-verify-server-cert" if is_mariadb else "--ssl-mode=VERIFY_IDENTITY")
    arguments.append("--default-character-set=utf8mb4")
    variables = {"MYSQL_PWD": url.password} if url.password else {}
    return Client([program, *arguments, "--", str(url.database or "")], variables)
