"""`starmodel doctor` on plugins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
BUILT_IN = "assets, browser_state, crud, dev_sign_in, health, mail"
LOADED = ("ok", f"Loaded in this order: {BUILT_IN}.", "")
APPLICATION = "from starmodel import create_app\napp = create_app([])\n"


@pytest.fixture
def findings(run: Run) -> Callable[..., tuple[int, list[tuple[str, str, str]]]]:
    """Exit code and the findings about plugins: level, text and remedy."""

    def invoke(*about: str) -> tuple[int, list[tuple[str, str, str]]]:
        result = run("doctor", "--json")
        found = json.loads(result.stdout)["findings"]
        return result.exit_code, [
            (f["level"], f["text"], f["remedy"]) for f in found if f["about"] in about
        ]

    return invoke


def test_loaded_plugins_are_named_in_order(notes: Path, write: Any, findings: Any) -> None:
    write("main.py", APPLICATION)
    assert findings("plugins") == (
        0, [("ok", f"Loaded in this order: {BUILT_IN}, notes.", "")],
    )  # fmt: skip


def test_failed_plugin_is_a_warning_with_place_and_remedy(
    drop_in: Any, write: Any, findings: Any
) -> None:
    drop_in("broken", "\nimport absent_package")
    write("main.py", APPLICATION)
    code, [(level, text, remedy), others] = findings("plugins")
    assert (code, level, others) == (0, "warning", LOADED)
    assert text == (
        "The plugin 'broken' of app/plugins/broken.py is not loaded (app/plugins/broken.py:3): "
        "ModuleNotFoundError: No module named 'absent_package' while it is imported."
    )
    assert remedy == "Install the missing package: pip install absent_package."


def test_failed_required_plugin_is_a_problem(drop_in: Any, write: Any, findings: Any) -> None:
    drop_in("broken", "1 / 0")
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel]\nplugins_required = ['broken', 'gone']\n")
    code, found = findings("plugins")
    assert code == 1
    assert [level for level, *_ in found] == ["problem", "problem", "ok"]
    assert "app/plugins/broken.py:2" in found[0][1]
    assert "plugins_required names 'gone', which is not installed" in found[1][1]


def test_switched_off_plugin_is_no_finding(notes: Path, write: Any, findings: Any) -> None:
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['notes']\n")
    assert findings("plugins", "plugins_disabled") == (0, [LOADED])


def test_essential_plugin_that_is_off_is_a_problem(write: Any, findings: Any) -> None:
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['assets']\n")
    code, [(level, text, _)] = findings("application")
    assert (code, level) == (1, "problem")
    assert "The built-in plugin 'assets' can't be switched off: Every page loads" in text


def test_misspelt_name_in_a_setting_is_a_note(
    notes: Path, write: Any, findings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['note']\n")
    monkeypatch.setenv("STARMODEL_PLUGINS_ENABLED", "cache")
    code, found = findings("plugins_disabled", "plugins_enabled")
    assert code == 0
    assert found == [
        ("note", "It names 'note', which is not installed. Did you mean 'notes'?",
         "Correct it in [starmodel] of starmodel.toml, or remove it."),
        ("note", "It names 'cache', which is not installed.",
         "Correct it in STARMODEL_PLUGINS_ENABLED in the environment, or remove it."),
    ]  # fmt: skip


def test_plugins_of_the_folder_are_checked_without_an_application(
    drop_in: Any, findings: Any
) -> None:
    drop_in("broken", "1 / 0")
    code, found = findings("plugins")
    assert (code, [level for level, *_ in found]) == (1, ["warning", "ok"])  # 1: no application


def test_health_checks_are_findings(drop_in: Any, write: Any, findings: Any) -> None:
    drop_in(
        "mail",
        "async def passes(): pass\n"
        "async def fails(): raise OSError('no server at localhost')\n"
        "class Mail(Plugin):\n    name = 'mail'\n"
        "    def health_checks(self):\n"
        "        return [HealthCheck('queue', passes), HealthCheck('server', fails)]\n",
    )
    write("main.py", APPLICATION)
    assert findings("health") == (1, [
        ("problem", "mail.server fails: OSError: no server at localhost",
         "Correct what it names; `starmodel plugin inspect mail` shows the settings."),
        ("ok", "mail.queue passes.", ""),
    ])  # fmt: skip


def test_output_of_plugins_leaves_the_json_whole(drop_in: Any, write: Any, findings: Any) -> None:
    drop_in(
        "loud",
        "async def check(): print('checked')\n"
        "class Loud(Plugin):\n    name = 'loud'\n"
        "    def health_checks(self): return [HealthCheck('a', check)]\n"
        "    async def on_startup(self, application): print('started')\n"
        "    async def on_shutdown(self, application): print('stopped')\n",
    )
    write("main.py", APPLICATION)
    assert findings("health") == (0, [("ok", "loud.a passes.", "")])


def test_commands_print_no_sign_in_link(write: Any, run: Run) -> None:
    write("main.py", APPLICATION)
    result = run("doctor")
    assert "?token=" not in result.stdout + result.stderr


def test_settings_that_no_plugin_reads_are_a_warning_with_the_nearest_name(
    notes: Path, write: Any, findings: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel.plugin.note]\napi_key = 'hush'\n"
          "[starmodel.plugin.notes]\nfolder = 'x'\n")  # fmt: skip
    monkeypatch.setenv("STARMODEL_PLUGIN_CACHE__SIZE", "3")
    code, found = findings("plugins")
    assert code == 0
    assert found == [
        ("warning", "No plugin reads [starmodel.plugin.cache]: there is no plugin 'cache'.",
         "Correct the name in STARMODEL_PLUGIN_CACHE__SIZE in the environment, install the "
         "plugin, or remove the settings."),
        ("warning", "No plugin reads [starmodel.plugin.note]: there is no plugin 'note'. "
         "Did you mean 'notes'?",
         "Correct the name in [starmodel.plugin.note] of starmodel.toml, install the plugin, or "
         "remove the settings."),
        ("ok", f"Loaded in this order: {BUILT_IN}, notes.", ""),
    ]  # fmt: skip
    result = run("doctor")
    assert result.stdout.endswith("No problems, 2 warnings.\n")
    assert "hush" not in result.stdout


def test_settings_of_a_disabled_plugin_are_no_finding(
    notes: Path, write: Any, findings: Any
) -> None:
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['notes']\n"
          "[starmodel.plugin.notes]\nfolder = 'x'\n")  # fmt: skip
    assert findings("plugins") == (0, [LOADED])


OWN = """
from starmodel import create_app
app = create_app([], ui={"record.title": lambda ui, resource, entity: "x"})

@app.get("/notes/about")
def about():
    return "own"

@app.get("/notes/notes/new")
def new():
    return "own"
"""


def test_own_routes_and_parts_in_place_of_a_plugins_are_notes(
    notes: Path, write: Any, findings: Any, answer: Any
) -> None:
    source = notes.read_text()
    notes.write_text(f"{source}    def ui(self): return {{'record.title': lambda *a: 'y'}}\n")
    write("main.py", OWN)
    expected = [
        "The part 'record.title' is that of create_app(ui=…), which takes precedence.",
        "GET /notes/about is your own route, which takes precedence.",
        "GET /notes/notes/new is your own route, which takes precedence.",
    ]
    plugin, *_ = answer("plugin", "list")["plugins"]
    assert plugin["notes"] == expected
    assert plugin["state"] == "on"
    _, found = findings("plugins")
    assert found[:-1] == [
        ("note", f"The plugin 'notes': {text}", "Leave it if that is what you want.")
        for text in expected
    ]


def test_number_of_problems_and_warnings_ends_the_output(
    drop_in: Any, write: Any, run: Run
) -> None:
    write("main.py", APPLICATION)
    write("starmodel.toml", "[starmodel]\nplugins_required = ['gone']\n")
    drop_in("broken", "1 / 0")
    assert run("doctor").stdout.endswith("\n2 problems, 1 warning.\n")
