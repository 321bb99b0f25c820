"""`starmodel run` in development: certain changes are applied, others wait for the developer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from starmodel import Entity, Field, create_app
from starmodel.cli.migrations.development import settle
from starmodel.cli.serving.failed_application import MIGRATE_PATH, FailedApplication, Failure
from starmodel.config import Settings
from starmodel.migrations.errors import DriftError
from starmodel.migrations.explaining import MERGE
from starmodel.plugins.built_in.dev_sign_in.links import sign_in_token

KEY = "k" * 40
HTML = {"accept": "text/html"}


def _class(name: str = "Product", /, **fields: Any) -> type[Entity]:
    body: dict[str, Any] = {
        "__annotations__": {key: annotation for key, (annotation, _) in fields.items()},
        "__module__": __name__, "__qualname__": f"<locals>.{name}",
        "model_config": {"store": "sql"},
        **{key: default for key, (_, default) in fields.items()},
    }  # fmt: skip
    return type(Entity)(name, (Entity,), body)


NAME = {"name": (str, "")}
TAGS = Field(default_factory=list)
OPTIONAL = {
    "note": (str | None, None),
    "size": (int, 3),
    "maker": (str | None, Field(None, index=True)),
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARMODEL_SECRET_KEY", KEY)
    return tmp_path


async def _run(*classes: type[Entity], **settings: Any) -> None:
    """Start an application as `starmodel run` does, and stop it."""
    app = create_app(list(classes), settings=Settings(**settings))
    await settle(app)
    await app.starmodel.ready()
    await app.starmodel.close()


def _columns(table: str = "product") -> list[str]:
    with closing(sqlite3.connect("starmodel.db")) as database:
        found = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
    return [name for name in found if not name.startswith("_")]


async def test_first_run_creates_tables_and_no_files(project: Path) -> None:
    await _run(_class(**NAME))
    assert _columns() == ["id", "name"]
    assert not (project / "migrations").exists()


async def test_new_class_and_optional_fields_are_applied_and_said(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    await _run(_class(**NAME))
    with closing(sqlite3.connect("starmodel.db")) as database:
        database.execute("INSERT INTO product (id, name, _version) VALUES ('a', 'Pen', 1)")
        database.commit()

    await _run(_class(**NAME, **OPTIONAL), _class("Order", number=(int, 0)))

    with closing(sqlite3.connect("starmodel.db")) as database:
        assert list(database.execute("SELECT name, note, size FROM product")) == [("Pen", None, 3)]
    assert _columns("order") == ["id", "number"]
    said = capsys.readouterr().err
    assert "starmodel: Add Product.size (whole number, 3 for the rows that exist)." in said
    assert "starmodel: Create Order" in said
    assert not (project / "migrations").exists()
    await _run(_class(**NAME, **OPTIONAL), _class("Order", number=(int, 0)))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("fields", "text", "asks"),
    [
        ({"title": (str, "")}, "name (text) is gone, and title is new. Was it renamed?", True),
        ({**NAME, "colour": (str, ...)}, "colour is new and required", True),
        ({**NAME, "at": (datetime, Field(default_factory=datetime.now))}, "at is new and", True),
        ({**NAME, "tags": (list[str], TAGS)}, "Add Product.tags (JSON, [] for the rows", False),
        ({}, "Remove Product.name; its values are kept aside", False),
        ({"name": (str | None, None)}, "Product.name", False),
        ({"name": (str, Field("", index=True))}, "index", False),
    ],
)
async def test_other_changes_wait_for_the_developer(fields: Any, text: str, asks: bool) -> None:
    await _run(_class(**NAME))
    with pytest.raises(DriftError) as caught:
        await _run(_class(**{k: (a, Field() if d is ... else d) for k, (a, d) in fields.items()}))
    assert text in str(caught.value)
    assert (caught.value.command, caught.value.asks) == ("starmodel migrate", asks)
    assert _columns() == ["id", "name"]


async def test_interrupted_change_is_finished(project: Path) -> None:
    await _run(_class(**NAME))
    with closing(sqlite3.connect("starmodel.db")) as database:
        database.execute("ALTER TABLE product ADD COLUMN note VARCHAR")
        database.commit()
    await _run(_class(**NAME, **OPTIONAL))
    assert set(_columns()) == {"id", "name", "note", "size", "maker"}


async def test_project_with_migrations_gets_a_file_for_each_certain_change(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _with_first_migration(project)
    await _run(_class(**NAME, note=(str | None, None)))
    assert sorted(path.name for path in (project / "migrations").glob("*.py")) == [
        "0001_first.py", "0002_add_product_note.py",
    ]  # fmt: skip
    assert "note" in _columns()
    assert "Written and applied: migrations/0002_add_product_note.py" in capsys.readouterr().err


async def test_additive_migration_of_a_colleague_is_applied(project: Path) -> None:
    await _with_first_migration(project)
    database = project / "starmodel.db"
    mine = database.read_bytes()
    await _run(_class(**NAME, note=(str | None, None)))
    database.write_bytes(mine)  # closed, so its log is part of the file
    assert "note" not in _columns()

    await _run(_class(**NAME, note=(str | None, None)))
    assert "note" in _columns()


async def test_changed_class_of_a_project_with_migrations_waits(project: Path) -> None:
    await _with_first_migration(project)
    with pytest.raises(DriftError, match=r"since the migration 0001_first\..* Was it renamed"):
        await _run(_class(title=(str, "")))


async def test_production_applies_nothing(project: Path) -> None:
    await _with_first_migration(project)
    with pytest.raises(DriftError, match="where you develop"):
        await _run(_class(**NAME, note=(str | None, None)), env="production")
    assert _columns() == ["id", "name"]


async def _with_first_migration(project: Path) -> None:
    """A project with one migration, which its database has."""
    from starmodel.cli.migrations import drafting
    from starmodel.cli.migrations.answers.flags import Flags
    from starmodel.cli.migrations.development import _project

    made = _project(create_app([_class(**NAME)], settings=Settings()))
    assert made is not None
    decision = drafting.decided(made, Flags(), may_ask=False, accept_safe=False)
    drafting.drafted(made, decision, None).write()
    await _run(_class(**NAME))


MAIN = """
from starmodel import Entity, create_app

class Product(Entity):
    model_config = {"store": "sql"}
    name: str = ""

app = create_app([Product])
"""


async def test_button_of_the_page_migrates_for_the_signed_in_developer_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _run(_class(**NAME, old=(int, 0)))
    (project / "main.py").write_text(MAIN)
    monkeypatch.setenv("STARMODEL_TARGET", "main:app")
    monkeypatch.setenv("STARMODEL_RELOADS", str(project))
    with pytest.raises(DriftError) as caught:
        await _run(_class(**NAME))
    app = FailedApplication(Failure.of(caught.value))
    transport = httpx.ASGITransport(app)
    own, other = {"origin": "http://testserver"}, {"origin": "http://other.example"}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        guest = await client.get("/", headers=HTML)
        refused = [await client.post(MIGRATE_PATH, headers=HTML | own)]
        await client.get(f"/?token={sign_in_token(KEY)}", headers=HTML)
        page = await client.get("/", headers=HTML)
        refused.append(await client.post(MIGRATE_PATH, headers=HTML | other))
        assert "old" in _columns()
        done = await client.post(MIGRATE_PATH, headers=HTML | own)
    await app.close()

    assert "Migrate now" not in guest.text
    assert "<li>Remove Product.old; its values are kept aside" in page.text
    assert 'action="/_starmodel/migrate"' in page.text
    assert [answer.status_code for answer in refused] == [403, 403]
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert _columns() == ["id", "name"]
    assert len(list((project / "migrations").glob("*.py"))) == 2


async def test_page_shows_why_a_migration_failed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "main.py").write_text("app = 1 / 0")
    monkeypatch.setenv("STARMODEL_TARGET", "main:app")
    app = FailedApplication(
        Failure.of(DriftError("It lacks a table.", command="starmodel migrate"))
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await client.get(f"/?token={sign_in_token(KEY)}", headers=HTML)
        done = await client.post(MIGRATE_PATH, headers=HTML | {"sec-fetch-site": "same-origin"})
    await app.close()
    assert "main:app" in done.text
    assert "Migrate now" not in done.text


def test_button_is_offered_where_nothing_is_to_be_asked() -> None:
    assert Failure.of(DriftError("a", command="starmodel migrate")).can_migrate
    assert not Failure.of(DriftError("a", command=MERGE, asks=True)).can_migrate


def test_sentences_of_a_refusal_stand_apart() -> None:
    error = DriftError("Changed.", ["One.", "Two."], "starmodel migrate")
    assert str(error) == "Changed.\n- One.\n- Two.\nRun: starmodel migrate"
    failure = Failure.of(error)
    assert (failure.text, failure.points) == ("Changed.", ("One.", "Two."))
