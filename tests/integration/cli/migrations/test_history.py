"""`starmodel db history`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from integration.cli.migrations.shop import BEFORE

Write = Callable[[str, str], Path]
Run = Callable[..., Result]


def test_history_lists_states(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    assert "There are no migrations." in run("db", "history").stdout
    run("migrate")
    write("main.py", BEFORE.replace("    old:", '    new: str = ""\n    old:'))
    run("migrate", "-m", "Add new")
    (folder / "starmodel.db").unlink()
    pending = run("db", "history").stdout.splitlines()
    assert pending[0].split() == ["MIGRATION", "STATE", "SINCE", "ABOUT"]
    assert pending[1].split() == ["0001_first", "pending", "First", "migration."]

    run("migrate")
    (folder / "migrations/0002_add_new.py").unlink()
    rows = json.loads(run("db", "history", "--json").stdout)
    assert [(row["id"], row["state"], row["has_file"]) for row in rows] == [
        ("0001_first", "applied", True),
        ("0002_add_new", "applied", False),
    ]
    assert rows[0]["applied_at"].endswith("+00:00")


def test_unreachable_database_is_reported(write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    write(".env", "DATABASE_URL=postgresql://secret:secret@127.0.0.1:1/x\n")
    result = run("db", "history")

    assert result.exit_code == 1
    assert result.stderr.startswith("starmodel: ")
    assert "secret" not in result.stderr


def test_contract_migration_waits_and_is_not_pending(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    path = folder / "migrations/0001_first.py"
    text = path.read_text().replace("after=[],", 'after=["0001_first"], contract=True,')
    text = "".join(line for line in text.splitlines(True) if "    CreateEntity(" not in line)
    path.with_name("0002_contract.py").write_text(text)

    assert "0002_contract  waits for --contract" in run("db", "history").stdout
    assert run("migrate", "--check").exit_code == 0
