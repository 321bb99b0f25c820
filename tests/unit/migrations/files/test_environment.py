"""`migrations/env.py`: what it declares, and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from starmodel.migrations.environment import Environment
from starmodel.migrations.files.loading import MigrationFileError, load_environment


def test_folder_without_env_has_an_empty_environment(tmp_path: Path) -> None:
    assert load_environment(tmp_path) == Environment()
    assert load_environment(tmp_path / "missing") == Environment()


def test_environment_is_read(tmp_path: Path) -> None:
    (tmp_path / "env.py").write_text(
        "from starmodel.migrations import Environment\n\n\n"
        "def before(op, migration):\n    op.execute('SELECT 1')\n\n\n"
        "environment = Environment(ignore=['legacy_*', 'audit'], before=before)\n"
    )
    found = load_environment(tmp_path)

    assert found.before is not None
    assert found.after is None
    names = ["legacy_price", "audit", "audits", "product"]
    assert [found.ignores(name) for name in names] == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from alembic import context\n", "An env.py of Alembic belongs in another folder"),
        ("environment = 1\n", "expected environment = Environment"),
        ("\n1 / 0\n", r"env\.py, line 2: ZeroDivisionError"),
        ("x = (\n", r"env\.py, line 1"),
    ],
)
def test_invalid_env_is_explained(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "env.py").write_text(text)

    with pytest.raises(MigrationFileError, match=message):
        load_environment(tmp_path)
