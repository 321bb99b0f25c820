"""Projects of the how-to on migrations, changed and migrated by the real command."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

BEFORE = """
from starmodel import Entity, create_app

class Product(Entity):
    model_config = {"store": "sql"}
    name: str
    price: int = 0
    note: str | None = None

app = create_app([Product])
"""


class Shop:
    """A project in a new folder, with one migration and rows."""

    def __init__(self, folder: str = "shop") -> None:
        self.folder = Path(folder)
        self.folder.mkdir()
        self.program(BEFORE)
        self.run("migrate")
        for id, name, price, note in (("a", "Pen", 3, None), ("b", "Ink", 5, "blue")):
            self.execute(
                "INSERT INTO product (id, name, price, note, _version) VALUES (?, ?, ?, ?, 1)",
                (id, name, price, note),
            )

    def program(self, source: str) -> None:
        (self.folder / "main.py").write_text(source, encoding="utf-8")

    def run(self, *words: str, code: int = 0) -> str:
        """Run `starmodel …`; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-c", "from starmodel.cli.main import main; main()", *words],
            cwd=self.folder, capture_output=True, text=True, check=False,
            env={**os.environ, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "starmodel.db")) as database:
            found = list(database.execute(sql, values))
            database.commit()
        return found

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "migrations").glob("[0-9]*.py"))
