"""squawk, a linter of PostgreSQL migrations, finds nothing that the command does not say."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest

from databases import empty_database
from integration.migrations.statements.kinds_of_change import (
    ADDITIVE,
    EVERY,
    FILLED,
    OTHER,
    changed,
)
from integration.migrations.statements.test_offline import planned
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.rolling.effects import effects
from starmodel.migrations.running.ddl import online
from starmodel.migrations.running.offline import BRIEF

SQUAWK = Path(sysconfig.get_path("scripts")) / "squawk"
OF_SMALL_TABLES = {
    "adding-foreign-key-constraint", "adding-not-nullable-field", "constraint-missing-not-valid",
    "disallowed-unique-constraint", "require-concurrent-index-creation",
}  # fmt: skip
"""Locks for as long as a small table is read, which the first lines of the script say."""


def found(script: list[str]) -> set[str]:
    """The rules that the statements break, without preferences for types."""
    run = subprocess.run(
        [SQUAWK, "--pg-version=15", "--reporter=json", "--stdin-filepath=migration.sql"],
        input="\n".join(script), capture_output=True, text=True, check=False,
    )  # fmt: skip
    rules = {each["rule_name"] for each in json.loads(run.stdout)}
    return {rule for rule in rules if not rule.startswith("prefer-")}


@pytest.fixture(params=["postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return empty_database(request, tmp_path)


@pytest.mark.parametrize("name", ADDITIVE)
def test_nothing_is_found_in_additive_changes_of_large_tables(
    url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "LARGE_ROWS", 0)
    assert found(planned(url, changed(url, name), "up")) == set()


@pytest.mark.parametrize("name", FILLED)
def test_dropped_check_of_a_required_column_is_announced(
    url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "LARGE_ROWS", 0)
    assert found(planned(url, changed(url, name), "up")) == {"ban-drop-constraint"}
    assert "_required_" in BRIEF


@pytest.mark.parametrize("name", EVERY)
def test_locks_on_small_tables_are_announced(url: str, name: str) -> None:
    made = changed(url, name)
    script = planned(url, made, "up")
    rules = found(script)
    if rules & OF_SMALL_TABLES:
        assert BRIEF in script
    if rules - OF_SMALL_TABLES:
        assert name in OTHER


@pytest.mark.parametrize("name", OTHER)
def test_what_old_processes_can_do_no_longer_is_announced(
    url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "LARGE_ROWS", 0)
    made = changed(url, name)
    if found(planned(url, made, "up")):
        _, answers = EVERY[name]
        changes = compare(made.at(1), made.schema)
        assert effects(changes, answers, database="postgresql")
