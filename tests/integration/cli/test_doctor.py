"""`starmodel doctor`: settings with their origins, problems, and risks in production."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from starmodel.adapters.web.pages import assets
from starmodel.cli.doctor import environment
from starmodel.cli.terminal.setting_row import masked_url

Run = Callable[..., Result]
Answer = Callable[..., Any]
Write = Callable[[str, str], Path]
KEY = "Zk3vQ8sT1xWc7LmP0rYbN5dHg2JfA9eU"


@pytest.fixture
def examined(run: Run) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Exit code and document of `doctor --json`."""
    import json

    def invoke(*words: str) -> tuple[int, dict[str, Any]]:
        result = run("doctor", *words, "--json")
        return result.exit_code, json.loads(result.stdout)

    return invoke


def findings(document: dict[str, Any], about: str) -> list[tuple[str, str, str]]:
    return [(f["level"], f["text"], f["remedy"]) for f in document["findings"]
            if f["about"] == about]  # fmt: skip


def test_doctor_of_a_healthy_application_has_no_problems(shop: Path, run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 0
    assert "pydantic 2." in result.stdout
    assert "Product  sql     record" in result.stdout
    assert "starmodel.db does not exist yet; the first start creates it." in result.stdout
    assert result.stdout.endswith("No problems.\n")
    assert not Path("starmodel.db").exists()


def test_doctor_with_an_existing_database_opens_it(shop: Path, run: Run, examined: Any) -> None:
    assert run("event", "Chat", "say", "--text", "hi").exit_code == 0
    code, document = examined()
    assert code == 0
    text = "sqlite:///starmodel.db can be reached and written."
    assert findings(document, "database") == [("ok", text, "")]


def test_doctor_with_an_external_table_notes_its_missing_version(shop: Path, examined: Any) -> None:
    with closing(sqlite3.connect("starmodel.db")) as raw, raw:
        raw.execute(
            "CREATE TABLE product (id TEXT PRIMARY KEY, name TEXT, price REAL, stock INTEGER, "
            "tags TEXT, active INTEGER, cost REAL)"
        )
    raw.close()
    code, document = examined()
    assert code == 0
    level, text, _ = findings(document, "database")[-1]
    assert (level, "'product' of Product has no column _version" in text) == ("ok", True)


def _program(name: str, *fields: str) -> str:
    body = "".join(f"    {field}\n" for field in fields)
    return (
        "from starmodel import Entity, create_app\n"
        f"class {name}(Entity):\n    model_config = {{'store': 'sql'}}\n{body}"
        f"app = create_app([{name}])\n"
    )


@pytest.mark.parametrize(
    ("changed", "level", "text", "remedy"),
    [
        (("Product", "name: str"), "problem",
         "Remove Product.price; its values are kept aside", "Run: starmodel migrate"),
        (("Product", "name: str", "price: Decimal"), "problem",
         "Change Product.price from number to decimal number", "Run: starmodel migrate"),
        (("Product", "name: str", "price: float | None = None"), "warning",
         "Product.price", "Run: starmodel migrate"),
        (("Item", "name: str", "price: float"), "problem",
         "The class Product is gone, and Item is new. Was it renamed?", "Run: starmodel migrate"),
    ],
)  # fmt: skip
def test_doctor_after_a_class_change_reports_the_column_with_a_remedy(
    write: Write,
    run: Run,
    examined: Any,
    changed: tuple[str, ...],
    level: str,
    text: str,
    remedy: str,
) -> None:
    write("main.py", _program("Product", "name: str", "price: float"))
    assert run("event", "Product", "create", "--name", "Pen", "--price", "1.5").exit_code == 0
    write("main.py", "from decimal import Decimal\n" + _program(*changed))
    code, document = examined()
    finding = findings(document, "database")[0]
    assert finding[0] == level
    assert text in finding[1]
    assert remedy in finding[2]
    assert code == (1 if level == "problem" else 0)


def test_doctor_of_a_migrated_database_names_what_was_edited_and_what_is_pending(
    write: Write, run: Run, examined: Any
) -> None:
    write("main.py", _program("Product", "name: str", "price: float"))
    assert run("migrate").exit_code == 0
    assert examined()[0] == 0
    with closing(sqlite3.connect("starmodel.db")) as raw, raw:
        raw.execute("ALTER TABLE product ADD COLUMN own INTEGER")
        raw.execute("ALTER TABLE product DROP COLUMN price")
        raw.execute("ALTER TABLE product ADD COLUMN price FLOAT")
    found = {text: (level, remedy) for level, text, remedy in findings(examined()[1], "database")}
    edited = "The table 'product' has the column 'own', which Product lacks."
    assert found[f"{edited} Migrations leave it as it is."][0] == "note"
    assert any("'price'" in text and level == "warning" for text, (level, _) in found.items())

    write("main.py", _program("Product", "name: str", "price: float", "size: int = 1"))
    code, document = examined()
    problem = ("problem", "The classes have changed since the migration 0001_first. "
               "Add Product.size (whole number, 1 for the rows that exist).")  # fmt: skip
    assert (code, findings(document, "database")[0][:2]) == (1, problem)


def test_doctor_lists_each_setting_with_its_origin(
    write: Write, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("starmodel.toml", '[starmodel]\ntheme = "teal"\n[starmodel.production]\ntheme = "red"\n')
    write(".env", "STARMODEL_MAX_STREAMS=7\n")
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", KEY)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///shop.db")
    write("main.py", "from starmodel import create_app\napp = create_app([], title='Shop')\n")
    settings = {s["name"]: (s["value"], s["origin"]) for s in examined()[1]["settings"]}
    assert settings["title"] == ("Shop", "an argument")
    assert settings["theme"] == ("red", "[starmodel.production] of starmodel.toml")
    assert settings["max_streams"] == (7, "STARMODEL_MAX_STREAMS in .env")
    assert settings["database_url"] == ("sqlite:///shop.db", "DATABASE_URL in the environment")
    assert settings["heartbeat_s"] == (15.0, "the default")
    assert settings["secret_key"][0] == "hidden, 32 characters"


def test_doctor_masks_secret_settings(
    shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    monkeypatch.setenv("STARMODEL_SECRET_KEY", KEY)
    monkeypatch.setenv("STARMODEL_SECRET_KEY_FALLBACKS", f"old{KEY}")
    monkeypatch.setenv("REDIS_URL", "redis://:hush@cache/0")
    for words in (["doctor"], ["doctor", "--json"]):
        text = run(*words).output
        assert KEY not in text
        assert "hush" not in text
        assert "redis://:***@cache/0" in text


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("sqlite:///a.db", "sqlite:///a.db"),
        ("postgresql://u:p@s@h/db", "postgresql://u:***@h/db"),
        ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
        ("mysql://h/db?password=pw&charset=utf8", "mysql://h/db?password=***&charset=utf8"),
        ("hush", "***"),
        ("http://[broken", "***"),
    ],
)
def test_masked_url_hides_passwords(url: str, masked: str) -> None:
    assert masked_url(url) == masked


def test_doctor_with_invalid_settings_has_one_problem(
    shop: Path, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARMODEL_THEMES", "x")
    code, document = examined()
    assert code == 1
    problems = [f for f in document["findings"] if f["level"] == "problem"]
    assert [problem["about"] for problem in problems] == ["application"]
    assert "Unknown setting 'themes' (from STARMODEL_THEMES in the" in problems[0]["text"]
    assert document["settings"] == []


def test_doctor_in_production_with_migrations_and_no_database_has_a_problem(
    shop: Path, run: Run, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("migrate").exit_code == 0
    Path("starmodel.db").unlink()
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", KEY)
    code, document = examined()
    text = "starmodel.db does not exist yet, and in production migrations create its tables."
    assert code == 1
    assert findings(document, "database") == [("problem", text, "Run: starmodel db upgrade")]
    monkeypatch.setenv("STARMODEL_MIGRATE_ON_START", "true")
    _, document = examined()
    text = "starmodel.db does not exist yet; the first start creates it."
    assert findings(document, "database") == [("ok", text, "")]


def test_doctor_in_production_without_a_key_has_a_problem(
    shop: Path, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARMODEL_ENV", "production")
    code, document = examined()
    assert code == 1
    assert "secret_key is missing" in findings(document, "application")[0][1]


def test_doctor_in_production_with_weak_settings_warns(
    shop: Path, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", "ab" * 20)
    code, document = examined()
    assert code == 0
    warned = {f["about"] for f in document["findings"] if f["level"] == "warning"}
    assert warned == {
        "secret_key", "public_url", "allowed_hosts", "cookie_secure", "memory", "database_url"
    }  # fmt: skip
    assert all(f["remedy"] for f in document["findings"] if f["level"] != "ok")
    assert findings(document, "access")[0][1].startswith("Everybody may change Chat")


def test_doctor_in_production_with_complete_settings_has_no_warning(
    write: Write, folder: Path, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", "from starmodel import create_app\napp = create_app([])\n")
    for name, value in {
        "STARMODEL_ENV": "production", "STARMODEL_SECRET_KEY": KEY,
        "STARMODEL_PUBLIC_URL": "https://shop.example", "STARMODEL_ALLOWED_HOSTS": "shop.example",
        "STARMODEL_TRUSTED_PROXIES": "10.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    code, document = examined()
    assert code == 0
    assert {f["level"] for f in document["findings"]} <= {"ok", "note"}
    settings = {s["name"]: s["origin"] for s in document["settings"]}
    assert settings["cookie_secure"] == "public_url"


RULED = """
from starmodel import Entity, create_app
from starmodel.access import owner, role

def mine(actor, paper):
    return actor is not None and paper.user_id == actor.id

class Paper(Entity):
    model_config = {"scope": "record"}
    user_id: str = ""

class Letter(Paper):
    model_config = {"access": mine}

class Essay(Paper):
    model_config = {"access": role("staff") & mine}

class Memo(Paper):
    model_config = {"access": role("staff") | owner("user_id")}

app = create_app([Letter, Essay, Memo])
"""


def test_doctor_counts_the_rules_that_no_store_decides(
    write: Write, run: Run, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", RULED)
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", KEY)

    found = findings(examined()[1], "access_scan_limit")

    assert "each of Letter, Essay (2)" in found[0][1]
    rules = run("entities", "inspect", "Memo").stdout
    assert "role 'staff' or user_id is the actor's id" in rules


def test_doctor_names_the_classes_without_a_rule(write: Write, examined: Any) -> None:
    classes = "class Note(Entity):\n    text: str\n\nclass Memo(Note):\n    number: int\n"
    rule = "class Page(Note):\n    model_config = {'access': 'signed_in'}\n"
    write(
        "main.py",
        f"from starmodel import Entity, create_app\n{classes}{rule}"
        "app = create_app([Note, Memo, Page])\n",
    )
    notes = [found[1] for found in findings(examined()[1], "access")]
    assert [text for text in notes if text.startswith("Note, Memo (2) have no access rule")]


@pytest.mark.parametrize(
    ("variables", "about", "words"),
    [
        ({"WEB_CONCURRENCY": "3"}, "workers", "each worker would store Counter in separate memory"),
        ({"STARMODEL_PUBLIC_URL": "https://a.example", "STARMODEL_ALLOWED_HOSTS": "b.example"},
         "allowed_hosts", "It does not have 'a.example'"),
        ({"STARMODEL_PUBLIC_URL": "http://a.example", "STARMODEL_COOKIE_SECURE": "1"},
         "cookie_secure", "browsers would not send"),
        ({"DATABASE_URL": "sqlite:///gone/shop.db"}, "database", "there is no folder gone"),
        ({"DATABASE_URL": "sqlite:///main.py"}, "database", "main.py can't be opened"),
    ],
    ids=["workers", "hosts", "cookie", "folder", "no-database"],
)  # fmt: skip
def test_doctor_with_contradictory_settings_has_a_problem_with_a_remedy(
    shop: Path,
    examined: Any,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    about: str,
    words: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, document = examined()
    level, text, remedy = findings(document, about)[0]
    assert (code, level) == (1, "problem")
    assert words in text
    assert remedy


def test_doctor_with_a_proxy_network_of_all_addresses_warns(
    shop: Path, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARMODEL_TRUSTED_PROXIES", "10.0.0.1,0.0.0.0/0")
    assert findings(examined()[1], "trusted_proxies")[0][1].startswith("0.0.0.0/0 trusts")


def test_doctor_with_a_readable_secret_file_warns(shop: Path, write: Write, examined: Any) -> None:
    write(".env", f"STARMODEL_SECRET_KEY={KEY}\n").chmod(0o644)
    assert findings(examined()[1], "permissions") == [
        (
            "warning",
            ".env holds secrets, and other users of this machine may read or write it (mode 644).",
            "Run: chmod 600 .env",
        )
    ]


def test_doctor_with_a_key_in_starmodel_toml_warns(shop: Path, write: Write, examined: Any) -> None:
    write("starmodel.toml", f'[starmodel]\nsecret_key = "{KEY}"\n').chmod(0o600)
    document = examined()[1]
    assert "usually committed" in findings(document, "secret_key")[0][1]
    assert findings(document, "permissions") == []


def test_check_port_in_use_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        monkeypatch.setattr(environment, "PORT", busy.getsockname()[1])
        found = environment.check_port()
    assert (found.level, found.about) == ("note", "port")
    assert "starmodel run --port" in found.remedy
    assert environment.check_port().level == "ok"


def test_doctor_without_assets_warns(
    shop: Path, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "asset_urls", lambda: {"build": "x"})
    level, _, remedy = findings(examined()[1], "assets")[0]
    assert level == "warning"
    assert "make assets" in remedy
    assert "starmodel.css" in assets.asset_urls()


def test_doctor_without_an_application_has_a_problem(examined: Any) -> None:
    code, document = examined()
    assert code == 1
    assert findings(document, "application")[0][0] == "problem"
    assert document["settings"]


def test_doctor_of_a_missing_file_has_a_problem(examined: Any) -> None:
    code, document = examined("--app", "gone.py")
    assert code == 1
    assert findings(document, "application")[0][:2] == (
        "problem", f"No file {Path.cwd() / 'gone.py'}. Check the path and the current folder.",
    )  # fmt: skip
