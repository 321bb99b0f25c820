"""`starmodel db shell`: the clients of databases, without passwords on their command line."""

from __future__ import annotations

import shutil

import pytest

from starmodel.cli.databases.clients import client_of
from starmodel.cli.terminal.errors import CommandError


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the installed programs."""
    names = {"sqlite3", "psql", "mariadb", "mysql"}
    monkeypatch.setattr(shutil, "which", lambda name: name if name in names else None)
    return names


def test_client_of_sqlite_opens_the_file() -> None:
    assert client_of("sqlite:///shop.db").arguments == ["sqlite3", "shop.db"]


def test_client_of_sqlite_file_named_like_an_option_gets_a_path() -> None:
    assert client_of("sqlite:///-init.db").arguments == ["sqlite3", "./-init.db"]


def test_client_of_postgresql_gets_the_password_by_the_environment() -> None:
    client = client_of("postgres://ann:hush%40@db:5433/shop?sslmode=require&password=hush")
    assert client.arguments == ["psql", "postgresql://ann@db:5433/shop?sslmode=require"]
    assert client.variables == {"PGPASSWORD": "hush@"}


def test_client_of_mariadb_gets_the_password_by_the_environment() -> None:
    client = client_of("mysql://ann:hush@db/shop?ssl=true")
    assert client.arguments == [
        "mariadb", "--host=db", "--port=3306", "--user=ann", "--ssl-verify-server-cert",
        "--default-character-set=utf8mb4", "--", "shop",
    ]  # fmt: skip
    assert client.variables == {"MYSQL_PWD": "hush"}


def test_client_of_mysql_checks_the_certificate_by_its_own_option(installed: set[str]) -> None:
    installed.remove("mariadb")
    client = client_of("mysql://ann@/shop?unix_socket=/run/s&ssl_ca=ca.pem")
    assert client.arguments == [
        "mysql", "--user=ann", "--socket=/run/s", "--ssl-ca=ca.pem", "--ssl-mode=VERIFY_IDENTITY",
        "--default-character-set=utf8mb4", "--", "shop",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("sqlite:///shop.db", "sqlite3"),
        ("postgresql://ann:hush@db/shop", "postgresql-client"),
        ("mysql://ann:hush@db/shop", "mariadb-client"),
    ],
)
def test_client_that_is_not_installed_is_named(installed: set[str], url: str, named: str) -> None:
    installed.clear()
    with pytest.raises(CommandError, match=named) as refused:
        client_of(url)
    assert "hush" not in str(refused.value)


def test_database_in_memory_is_refused() -> None:
    with pytest.raises(CommandError, match="in the memory"):
        client_of("sqlite://")
