"""A plugin is loaded once, in order; one that fails is reported and left out."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest
from pydantic import BaseModel, Field

from starmodel.core.errors import ConfigurationError
from starmodel.plugins import NavEntry, Plugin


def plugin(name: str, **members: Any) -> Plugin:
    return type(name.title(), (Plugin,), {"name": name, **members})()


def names(host: Any) -> list[str]:
    return [made.plugin.name for made in host.loaded]


ONE = "class One(Plugin):\n    name = '{}'\n"


def test_order_is_requirements_then_before_and_after_then_name(host):
    plugins = [
        plugin("d"), plugin("b", after=["d"]), plugin("c", requires=["d"]),
        plugin("a", after=["c"]), plugin("e", before=["d"]), plugin("f", after=["absent"]),
    ]  # fmt: skip
    for shuffled in itertools.islice(itertools.permutations(plugins), 0, 720, 7):
        assert names(host(*shuffled)) == ["e", "d", "b", "c", "a", "f"]


def test_plugin_in_the_folder_and_installed_is_loaded_once_from_the_folder(
    host, drop_in, package, caplog
):
    package("starmodel-audit", ONE.format("audit"), audit="One")
    drop_in("audit", ONE.format("audit"))
    with caplog.at_level(logging.INFO, "starmodel.plugins"):
        made = host()
    (report,) = made.reports
    assert (report.state, report.source) == ("on", "app/plugins/audit.py")
    assert report.notes == ["It is also in the package starmodel-audit 1.5, which is ignored."]
    assert "is loaded from app/plugins/audit.py" in caplog.text


def test_module_with_another_name_than_its_plugin_is_found_to_be_a_duplicate(host, drop_in):
    drop_in("a_notes", ONE.format("notes"))
    made = host(plugin("notes"))
    assert names(made) == ["notes"]
    assert [r.notes for r in made.reports] == [
        ["It is also in app/plugins/a_notes.py, which is ignored."]
    ]


def test_installed_plugin_has_the_version_of_its_package(host, package):
    package("starmodel-audit", ONE.format("audit"), "2.1", audit="One")
    (report,) = host().reports
    assert (report.name, report.version, report.state) == ("audit", "2.1", "on")


def test_disabled_plugin_is_not_imported(host, drop_in, package):
    drop_in("broken", "raise ImportError")
    package("starmodel-other", "raise ImportError", other="One")
    made = host(disabled=frozenset({"broken", "other"}))
    assert [(r.name, r.state) for r in made.reports] == [("broken", "off"), ("other", "off")]


BAD = ONE.format("bad")
FAILURES = {
    "a missing module": (
        "import absent_package", 2, "No module named 'absent_package'", "pip install absent_package"
    ),
    "an exception": ("\n1 / 0", 3, "ZeroDivisionError: division by zero", "plugins_disabled"),
    "sys.exit": ("import sys\nsys.exit(3)", 3, "calls sys.exit(3)", "Remove the call"),
    "a syntax error": ("def :", 2, "SyntaxError", "Correct this line"),
    "no plugin": ("x = 1", 1, "0 subclasses of Plugin", "plugin = Audit()"),
    "a version out of range": (
        f"{BAD}    starmodel = '>=99'", None, "works with StarModel >=99", "another version"
    ),
    "an unreadable range": (
        f"{BAD}    starmodel = 'new'", None, "range of StarModel versions is 'new'", ">=0.1"
    ),
    "a wrong name": (ONE.format("Bad Name!"), None, "its name is 'Bad Name!'", "One.name"),
    "a missing requirement": (
        f"{BAD}    requires = ['auth']", None,
        "requires the plugin 'auth', which is not installed", "Install its package",
    ),
    "a failing method": (
        f"{BAD}    def nav(self):\n        return 1 / 0", 5,
        "ZeroDivisionError: division by zero in nav()", "Correct this line",
    ),
    "another type": (
        f"{BAD}    def nav(self):\n        return ['/']", None,
        "nav() returns '/'; expected values of starmodel.plugins.NavEntry", "Correct that method",
    ),
    "no entity class": (
        f"{BAD}    def entities(self):\n        return [int]", None,
        "entities() returns <class 'int'>", "Correct that method",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "line", "reason", "remedy"), FAILURES.values(), ids=FAILURES)
def test_failing_plugin_is_reported_with_place_and_remedy_and_others_are_loaded(
    host, drop_in, caplog, source, line, reason, remedy
):
    path = drop_in("bad", source)
    made = host(plugin("good"))
    assert names(made) == ["good"]
    (report,) = [report for report in made.reports if report.name != "good"]
    assert report.state == "failed"
    assert reason in report.reason
    assert remedy in report.remedy
    if line is not None:
        where = report.where
        assert where.endswith(f"{path.name}:{line}")
    assert report.sentence in caplog.text
    assert path.name in report.sentence


def test_settings_come_from_the_table_and_arguments_and_are_validated(host):
    class Settings(BaseModel):
        folder: str
        keep: int = Field(default=3, ge=1)

    class Backup(Plugin):
        name = "backup"

    Backup.Settings = Settings
    made = host(Backup(keep=5), tables={"backup": {"folder": "x", "keep": 9}})
    assert made.loaded[0].plugin.settings == Settings(folder="x", keep=5)

    (report,) = host(Backup(keep=0)).reports
    assert "folder (field required)" in report.reason
    assert "keep (input should be greater than or equal to 1)" in report.reason
    assert "[starmodel.plugin.backup]" in report.remedy

    (report,) = host(Backup(), tables={"backup": {"folder": "x", "kepp": 1}}).reports
    assert "no setting 'kepp'; its settings are folder, keep." in report.reason


def test_circular_plugins_and_those_that_require_them_are_reported(host):
    made = host(
        plugin("a", requires=["b"]), plugin("b", after=["a"]), plugin("c", requires=["a"]),
        plugin("d"),
    )  # fmt: skip
    assert names(made) == ["d"]
    reasons = {report.name: report.reason for report in made.reports}
    assert reasons["a"] == "its order is circular: a → b → a."
    assert reasons["b"] == "its order is circular: b → a → b."
    assert reasons["c"] == "it requires the plugin 'a', which is failed."


def test_plugin_that_requires_a_failing_one_is_reported(host):
    made = host(
        plugin("a", nav=lambda self: 1 / 0), plugin("b", requires=["a"]),
        plugin("c", requires=["b"]),
    )  # fmt: skip
    assert names(made) == []
    assert [report.state for report in made.reports] == ["failed"] * 3


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ([], {}, "plugins_required names 'audit', which is not installed"),
        ([plugin("audit", starmodel="<0")], {}, "works with StarModel <0"),
        ([plugin("audit")], {"disabled": frozenset({"audit"})}, "switched off"),
    ],
)
def test_required_plugin_stops_the_start(host, given, options, message):
    with pytest.raises(ConfigurationError, match=message):
        host(*given, required=("audit",), **options)


def test_output_of_an_import_goes_to_stderr(host, drop_in, capsys):
    drop_in("noisy", "print('loading')\n" + ONE.format("noisy"))
    assert names(host()) == ["noisy"]
    assert capsys.readouterr() == ("", "loading\n")


def test_package_in_the_folder_has_relative_imports(host, tmp_path):
    folder = tmp_path / "app" / "plugins" / "starmodel_notes"
    folder.mkdir(parents=True)
    (folder / "entries.py").write_text(
        "from starmodel.plugins import NavEntry\nENTRIES = [NavEntry('Notes', '/notes')]\n"
    )
    (folder / "__init__.py").write_text(
        "from starmodel.plugins import Plugin\nfrom .entries import ENTRIES\n"
        "class Notes(Plugin):\n    name = 'notes'\n    def nav(self): return ENTRIES\n"
    )
    (made,) = host().loaded
    assert made.nav == (NavEntry("Notes", "/notes"),)


def test_folder_of_another_app_module_is_imported_by_its_file(host, drop_in, tmp_path):
    drop_in("audit", ONE.format("audit"))
    (tmp_path / "app.py").write_text("plugins = None\n")
    assert names(host()) == ["audit"]
