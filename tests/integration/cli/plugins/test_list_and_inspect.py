"""`plugin list` and `plugin inspect`: states, failures, settings and contributions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Answer = Callable[..., Any]
PLUGIN = "class Made(Plugin):\n    name = {!r}\n"
APPLICATION = """
from starmodel import Entity, create_app
from starmodel.plugins import Plugin

class Given(Plugin):
    name = "given"

app = create_app([], plugins=[Given()], title="A", theme="blue")
"""


def test_list_has_the_state_and_source_of_each_plugin(
    install: Any, drop_in: Any, write: Any, run: Run, answer: Answer
) -> None:
    install("starmodel-audit", "from starmodel.plugins import *\n" + PLUGIN.format("audit"),
            plugins={"audit": ":Made"}, bus={"mail": ":x"})  # fmt: skip
    drop_in("audit", PLUGIN.format("audit"))
    drop_in("broken", "\n1 / 0\n")
    drop_in("quiet", "raise ImportError")
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['quiet']\n")
    document = answer("plugin", "list")
    audit, broken, quiet, *built_in = document["plugins"]
    assert {plugin["source"] for plugin in built_in} == {"built in"}
    assert {plugin["name"] for plugin in built_in if plugin["state"] != "on"} == {"auth"}
    assert audit == {
        "name": "audit", "version": None, "state": "on", "source": "app/plugins/audit.py",
        "package": None, "where": None, "reason": None, "remedy": None,
        "notes": ["It is also in the package starmodel-audit 1.5, which is ignored."],
    }  # fmt: skip
    assert broken["state"] == "failed"
    assert broken["where"].endswith("app/plugins/broken.py:3")
    assert broken["reason"] == "ZeroDivisionError: division by zero while it is imported."
    assert "plugins_disabled" in broken["remedy"]
    assert (quiet["state"], quiet["reason"]) == ("off", "It is in plugins_disabled.")
    assert [point["name"] for point in document["entry_points"]] == ["mail"]

    result = run("plugin", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    plugins, details, points = result.stdout.split("\n\n")
    assert plugins.splitlines()[0].split() == ["PLUGIN", "VERSION", "STATE", "FROM"]
    assert "off: It is in plugins_disabled." in plugins
    assert details.splitlines() == [
        "The plugin 'broken' of app/plugins/broken.py is not loaded (app/plugins/broken.py:3): "
        "ZeroDivisionError: division by zero while it is imported.",
        f"  → {broken['remedy']}",
        "audit: It is also in the package starmodel-audit 1.5, which is ignored.",
    ]
    assert points.splitlines()[0].split() == ["GROUP", "NAME", "PACKAGE", "STATE"]


def test_list_of_an_application_has_the_plugins_passed_in_code(
    notes: Path, write: Any, answer: Answer
) -> None:
    write("main.py", APPLICATION)
    write("other.py", APPLICATION.replace('"given"', '"other"'))
    names = {p["name"]: p["source"] for p in answer("plugin", "list")["plugins"][:2]}
    assert names == {"given": "create_app(plugins=…)", "notes": "app/plugins/notes.py"}
    names = {p["name"] for p in answer("plugin", "list", "--app", "other.py")["plugins"][:2]}
    assert names == {"other", "notes"}


def test_list_of_an_application_that_fails_has_the_plugins_of_the_folder(
    notes: Path, write: Any, run: Run
) -> None:
    write("main.py", APPLICATION + "1 / 0\n")
    result = run("plugin", "list")
    assert result.exit_code == 0
    assert "starmodel: main:app could not be loaded: ZeroDivisionError" in result.stderr
    assert "starmodel: These are the plugins of the current folder." in result.stderr
    assert "notes" in result.stdout
    assert run("plugin", "list", "--app", "main.py").exit_code == 1
    assert run("plugin", "list", "--app", "gone.py").exit_code == 1


def test_list_with_a_required_plugin_that_fails_reports_it(
    drop_in: Any, write: Any, run: Run, answer: Answer
) -> None:
    drop_in("broken", "1 / 0")
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel]\nplugins_required = ['broken']\n")
    result = run("plugin", "list")
    assert "It is in plugins_required." in result.stderr
    assert "broken" in result.stdout
    plugin, *_ = answer("plugin", "list")["plugins"]
    assert (plugin["name"], plugin["state"]) == ("broken", "failed")


def test_list_with_invalid_settings_exits_with_a_message(write: Any, run: Run) -> None:
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['No!']\n")
    result = run("plugin", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "lower-case letters" in result.stderr


def test_output_of_plugins_is_on_stderr(drop_in: Any, run: Run, answer: Answer) -> None:
    drop_in("noisy", "print('import')\n" + PLUGIN.format("noisy") +
            "    def nav(self):\n        print('nav')\n        return []\n")  # fmt: skip
    plugin, *_ = answer("plugin", "list")["plugins"]
    assert (plugin["name"], plugin["state"]) == ("noisy", "on")
    assert run("plugin", "list").stderr == "nav\n"  # imported by the call before


def test_inspect_shows_declarations_and_contributions(notes: Path, answer: Answer) -> None:
    description = answer("plugin", "inspect", "notes")
    assert description["summary"] == "Notes of everybody, in two lines."
    assert description["class"].endswith("notes.Notes")
    assert (description["after"], description["before"]) == (["audit"], [])
    assert description["starmodel"] == ">=0.1"
    assert description["hooks"] == ["on_startup"]
    contributes = description["contributes"]
    assert contributes["entities"] == [
        {"name": "notes.Note", "store": "sql", "scope": "record", "path": "/notes/notes",
         "events": ["create", "update", "delete", "shout"]}
    ]  # fmt: skip
    (route,) = contributes["routes"]
    assert (route["path"], route["methods"]) == ("/notes/about", ["GET", "POST"])
    assert route["endpoint"].endswith("notes.page")
    assert contributes["nav"][0]["access"] == "public"
    assert contributes["commands"][0]["name"] == "say"
    assert contributes["slots"] == []


def test_inspect_hides_secret_settings_and_names_origins(
    notes: Path, write: Any, run: Run, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("starmodel.toml", "[starmodel.plugin.notes]\nfolder = 'toml'\nkeep = 7\n")
    write(".env", "STARMODEL_PLUGIN_NOTES__KEEP=8\nSTARMODEL_PLUGIN_NOTES__API_KEY=hush2\n")
    monkeypatch.setenv("STARMODEL_PLUGIN_NOTES__KEEP", "9")
    rows = {s["name"]: (s["value"], s["origin"])
            for s in answer("plugin", "inspect", "notes")["settings"]}  # fmt: skip
    assert rows["folder"] == ("toml", "[starmodel.plugin.notes] of starmodel.toml")
    assert rows["keep"] == (9, "STARMODEL_PLUGIN_NOTES__KEEP in the environment")
    assert rows["api_key"] == ("***", "STARMODEL_PLUGIN_NOTES__API_KEY in .env")
    assert rows["code"] == ("***", "the default")
    assert rows["server"][0] == "https://ann:***@example.com/x"
    assert rows["accounts"][0] == [{"user": "ann", "password": "***"}]
    text = run("plugin", "inspect", "notes").stdout
    assert "hush" not in text
    assert "notes.Note  sql    record  /notes/notes" in text


def test_inspect_of_a_plugin_in_code_names_its_arguments(
    notes: Path, write: Any, answer: Answer
) -> None:
    write("main.py", "from starmodel import create_app\nfrom app.plugins.notes import Notes\n"
          "app = create_app([], plugins=[Notes(keep=5)])\n")  # fmt: skip
    description = answer("plugin", "inspect", "notes")
    assert {"name": "keep", "value": 5, "origin": "an argument in the code"} in description[
        "settings"
    ]
    assert description["notes"] == ["It is also in app/plugins/notes.py, which is ignored."]


def test_inspect_of_a_plugin_that_is_off_or_fails_does_not_import_it(
    install: Any, write: Any, answer: Answer, run: Run
) -> None:
    install("starmodel-off", "1 / 0", plugins={"off": ":Made"})
    install("starmodel-bad", "1 / 0", plugins={"bad": ":Made"})
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['off']\n")
    off = answer("plugin", "inspect", "off")
    assert (off["state"], off["version"], off["package"]) == ("off", "1.5", "starmodel-off")
    assert off["summary"] == "About starmodel-off."
    assert "contributes" not in off
    text = run("plugin", "inspect", "bad").stdout
    assert "state    failed" in text
    assert "starmodel_bad.py:1): ZeroDivisionError" in text


def test_inspect_of_an_unknown_name_suggests_the_closest(notes: Path, run: Run) -> None:
    result = run("plugin", "inspect", "note")
    assert result.exit_code == 2
    assert result.stderr == (
        "starmodel: There is no plugin 'note'. Did you mean 'notes'? "
        "Found: assets, auth, browser_state, crud, dev_sign_in, health, mail, notes.\n"
    )


def test_routes_of_a_plugin_are_in_the_route_table(
    notes: Path, write: Any, run: Run, answer: Answer
) -> None:
    write("main.py", APPLICATION + "\n@app.get('/notes/about')\ndef about(): ...\n")
    rows = [r for r in answer("routes") if r["source"] == "plugin notes"]
    about = [row for row in rows if row["path"] == "/notes/about"]
    assert {row["entity"] for row in rows if row not in about} == {"notes.Note"}
    assert [(r["method"], r["path"], r["replaced"]) for r in about] == [
        ("GET", "/notes/about", True), ("POST", "/notes/about", False),
    ]  # fmt: skip
    assert rows[1]["target"] == "app.plugins.notes.page"
    assert "POST    /notes/about" in run("routes").stdout


def test_inspect_shows_the_contributions_of_a_built_in_plugin(
    write: Any, run: Run, answer: Answer
) -> None:
    write("main.py", "from starmodel import Entity, create_app\n"
          "class Pen(Entity):\n    model_config = {'scope': 'record'}\n    name: str\n"
          "app = create_app([Pen])\n")  # fmt: skip
    crud = answer("plugin", "inspect", "crud")
    assert (crud["source"], crud["state"]) == ("built in", "on")
    assert crud["contributes"]["routes"][0]["path"] == "/"
    routes = crud["contributes"]["resource_routes"]
    assert [r["event"] for r in routes if r["event"]] == ["create", "update", "delete"]
    pages = [
        "list", "new", "bulk", "matching", "choices", "count", "facets", "views", "export.csv",
        "export.jsonl", "export.xlsx", "record", "edit", "events", "delete",
    ]  # fmt: skip
    assert [r["route"] for r in routes if r["route"]] == pages
    text = run("plugin", "inspect", "dev_sign_in").stdout
    assert "MIDDLEWARE" in text
    assert "on_serve" in text
