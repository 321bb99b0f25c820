"""Permanent database errors are 403, 409 or 500, with their cause in the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from databases import emptied
from external_writers import ExternalWriter
from starmodel import Entity, create_app, event
from starmodel.testing import Visitor

KEY = "k" * 48


class Note(Entity):
    model_config = {"store": "sql", "access": "public"}
    text: str = ""
    rank: int = 0

    @event
    def add(self) -> None:
        self.text += "."


def _visitor(url: str) -> Visitor:
    app = create_app([Note], database_url=url, secret_key=KEY, database_timeout_s=2)
    return Visitor(app, raise_errors=False, timeout_s=30)


@pytest.fixture
def shop(any_url: str) -> Iterator[tuple[Visitor, str, str]]:
    """A visitor, the URL of a note and the URL of its database."""
    with _visitor(any_url) as visitor:
        at = visitor.post("/notes", {"text": "a"}).headers["location"]
        yield visitor, at, any_url


def _alter(visitor: Visitor, url: str, *statements: str) -> None:
    """A statement of the database administrator."""

    async def work() -> None:
        external = await ExternalWriter.at(url)
        for statement in statements:
            await external.run(statement)
        await external.close()

    visitor.run(work())


def _status_of(answer: Any, caplog: pytest.LogCaptureFixture, cause: str) -> int:
    """The status of a response that suggests no retry and hides the cause that is in the log."""
    detail = answer.json()["detail"]
    assert "again in a moment" not in detail
    assert cause.lower() not in answer.text.lower()
    assert cause.lower() in caplog.text.lower()
    assert "retry-after" not in answer.headers
    return int(answer.status)


def test_missing_column_is_a_500(shop: Any, caplog: pytest.LogCaptureFixture) -> None:
    visitor, at, url = shop
    _alter(visitor, url, "ALTER TABLE note RENAME COLUMN text TO texts")
    assert _status_of(visitor.post(f"{at}/add"), caplog, "text") == 500
    assert (
        _status_of(visitor.get(at, headers={"accept": "application/json"}), caplog, "text") == 500
    )


def test_missing_table_is_a_500(shop: Any, caplog: pytest.LogCaptureFixture) -> None:
    visitor, at, url = shop
    _alter(visitor, url, "DROP TABLE note")
    assert _status_of(visitor.post("/notes", {"text": "b"}), caplog, "note") == 500
    assert _status_of(visitor.post(f"{at}/add"), caplog, "note") == 500


def test_trigger_error_is_a_409(shop: Any, caplog: pytest.LogCaptureFixture) -> None:
    visitor, at, url = shop
    kind = urlsplit(url).scheme
    _alter(visitor, url, *_TRIGGERS[kind])
    response = visitor.post(f"{at}/add")
    assert response.status == 409
    assert "rule of the database" in response.json()["detail"]
    assert "frozen for stocktaking" not in response.text
    assert "frozen for stocktaking" in caplog.text
    assert visitor.get(at).status == 200


_TRIGGERS = {
    "sqlite": [
        "CREATE TRIGGER frozen BEFORE UPDATE ON note "
        "BEGIN SELECT RAISE(ABORT, 'frozen for stocktaking'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'frozen for stocktaking'; END $$",
        "CREATE TRIGGER frozen BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION frozen()",
    ],
    "mysql": [
        "CREATE TRIGGER frozen BEFORE UPDATE ON note FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'frozen for stocktaking'"
    ],
}


def _as_role(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"clerk:secret@{parts.hostname}:{parts.port}"))


@contextmanager
def _with_clerk(url: str) -> Iterator[tuple[Visitor, str, str]]:
    """An administrator, the URL of a note and the URL of a database with a role `clerk`."""
    with _visitor(url) as administrator:
        at = administrator.post("/notes", {"text": "a"}).headers["location"]
        postgresql = url.startswith("postgresql")
        if postgresql:
            made = [
                "CREATE ROLE clerk LOGIN PASSWORD 'secret'",
                "GRANT USAGE ON SCHEMA public TO clerk",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk",
            ]
            gone = ["DROP OWNED BY clerk", "DROP ROLE clerk"]
        else:
            made = [
                "CREATE USER clerk IDENTIFIED BY 'secret'",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON test.* TO clerk",
            ]
            gone = ["DROP USER clerk"]
        _alter(administrator, url, *made)
        try:
            yield administrator, at, url
        finally:
            _alter(administrator, url, *gone)


@pytest.fixture
def clerk(url: str) -> Iterator[tuple[Visitor, str, str]]:
    with _with_clerk(url) as made:
        yield made


@pytest.fixture
def postgresql_clerk(postgresql_url: str) -> Iterator[tuple[Visitor, str, str]]:
    with _with_clerk(emptied(postgresql_url)) as made:
        yield made


def test_missing_privilege_is_a_403(clerk: Any, caplog: pytest.LogCaptureFixture) -> None:
    administrator, at, url = clerk
    granted = "ALL TABLES IN SCHEMA public" if url.startswith("postgresql") else "test.*"
    _alter(
        administrator, url,
        f"REVOKE INSERT, UPDATE, DELETE ON {granted} FROM clerk",
        "GRANT INSERT, UPDATE, DELETE ON starmodel_marker TO clerk",
    )  # fmt: skip
    with _visitor(_as_role(url)) as visitor:
        assert visitor.get(at).status == 200
        assert _status_of(visitor.post(f"{at}/add"), caplog, "denied") == 403
        assert _status_of(visitor.post("/notes", {"text": "b"}), caplog, "denied") == 403


@pytest.mark.server
def test_row_level_security_violation_is_a_403(
    postgresql_clerk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    administrator, at, url = postgresql_clerk
    policy = "CREATE POLICY low ON note USING (true) WITH CHECK (rank < 5)"
    _alter(administrator, url, "ALTER TABLE note ENABLE ROW LEVEL SECURITY", policy)
    with _visitor(_as_role(url)) as visitor:
        assert visitor.post("/notes", {"text": "b", "rank": 1}).status == 201
        assert (
            _status_of(visitor.post("/notes", {"text": "c", "rank": 9}), caplog, "security") == 403
        )
        assert _status_of(visitor.patch(at, {"rank": 9}), caplog, "security") == 403


@pytest.mark.server
def test_statement_timeout_is_a_500(
    postgresql_clerk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    administrator, at, url = postgresql_clerk
    _alter(administrator, url, "ALTER ROLE clerk SET statement_timeout = '100ms'", *_SNOOZE)
    with _visitor(_as_role(url)) as visitor:
        assert _status_of(visitor.post(f"{at}/add"), caplog, "statement timeout") == 500
        assert visitor.post("/notes", {"text": "quick"}).status == 201


_SNOOZE = [
    "CREATE FUNCTION snooze() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$",
    "CREATE TRIGGER slow BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION snooze()",
]


def test_read_only_database_is_no_transient_error(
    clerk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    visitor, at, url = clerk
    if url.startswith("postgresql"):
        on, off = (f"ALTER ROLE clerk {change}" for change in (
            "SET default_transaction_read_only = on", "RESET default_transaction_read_only",
        ))  # fmt: skip
    else:
        on, off = "SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"
    _alter(visitor, url, on)
    try:
        with _visitor(_as_role(url)) as reader:
            assert _status_of(reader.post(f"{at}/add"), caplog, "read") == 500
            assert reader.get(at).status == 200
    finally:
        _alter(visitor, url, off)


@pytest.mark.parametrize(
    ("limit", "cause"),
    [("PRAGMA query_only = 1", "readonly"), ("PRAGMA max_page_count = 1", "full")],
)
def test_full_disk_is_no_transient_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, limit: str, cause: str
) -> None:
    with _visitor(f"sqlite:///{tmp_path / 'shop.db'}") as visitor:
        at = visitor.post("/notes", {"text": "a"}).headers["location"]
        (store,) = visitor.app.starmodel.persistence.repositories()
        visitor.run(store._store().engine.execute(limit, ()))
        response = visitor.post("/notes", {"text": "x" * 30_000})
        assert _status_of(response, caplog, cause) == 500
        assert visitor.get(at).status == 200
