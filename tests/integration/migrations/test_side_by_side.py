"""The old and the new version of an application run on one database through a rolling deploy.

ROLLING_EVENTS is the number of events of both together, 10,000 for the whole promise.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from integration.migrations.changing import query, read_rows
from integration.migrations.test_rolling import Rolling
from integration.migrations.versions import NEW, OLD, PROGRAM
from starmodel.migrations.comparing.answers import Answers

EVENTS = int(os.environ.get("ROLLING_EVENTS", "600"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


class Versions:
    """The programs of both versions in one folder."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        for module, source in (("old", OLD), ("new", NEW)):
            (folder / f"{module}.py").write_text(source, encoding="utf-8")
            program = PROGRAM.format(module=module)
            (folder / f"run_{module}.py").write_text(program, encoding="utf-8")

    def product(self, version: str) -> Any:
        """The class of one version."""
        path = self.folder / f"{version}.py"
        spec = importlib.util.spec_from_file_location(f"rolling_{version}", path)
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.Product

    def start(self, version: str, name: str) -> subprocess.Popen[bytes]:
        files = [str(self.folder / f"{name}.{each}") for each in ("reached", "may_stop")]
        command = [sys.executable, str(self.folder / f"run_{version}.py"), self.url, name]
        return subprocess.Popen(
            [*command, str(EVENTS // 2), *files], stdout=subprocess.PIPE, cwd=self.folder
        )

    def until_reached(self, name: str, process: subprocess.Popen[bytes]) -> None:
        while not (self.folder / f"{name}.reached").exists():
            if process.poll() is not None:
                self.let_stop(name, process)
            time.sleep(0.05)

    def let_stop(self, name: str, process: subprocess.Popen[bytes]) -> int:
        """The number of its events, of which none has failed."""
        (self.folder / f"{name}.may_stop").touch()
        told = json.loads(process.communicate()[0])
        assert told["errors"] == {}
        return int(told["count"])


def test_old_and_new_version_lose_no_value_between_expand_and_contract(
    url: str, tmp_path: Path
) -> None:
    versions = Versions(tmp_path, url)
    answers = Answers(
        renames={
            "Product.price": "unit_price",
            "Product.entries": "history",
            "Product.stock": "stock_text",
        },
        drops={"Product.old_count": True},
    )
    rolling = Rolling([versions.product("old")], [versions.product("new")], answers)
    rolling.up(url, "0001_first")
    versions.let_stop("setup", versions.start("old", "setup"))

    old = versions.start("old", "old")
    versions.until_reached("old", old)  # it goes on
    assert rolling.up(url).applied == ("0002_expand",)
    new = versions.start("new", "new")
    versions.until_reached("new", new)
    old_count = versions.let_stop("old", old)
    equal = "SELECT COUNT(*) FROM product WHERE price <> unit_price OR unit_price IS NULL"
    assert query(url, equal) == [(0,)]
    stocks = query(url, "SELECT stock, stock_text FROM product")
    assert all(str(stock) == text for stock, text in stocks)
    assert rolling.up(url, contract=True).applied == ("0003_contract",)
    new_count = versions.let_stop("new", new)

    entries = {f"old{n + 1}" for n in range(old_count)} | {f"new{n + 1}" for n in range(new_count)}
    rows = read_rows(url, rolling.new, "Product")
    found = [entry for row in rows for entry in row["history"]]
    assert len(found) == old_count + new_count
    assert set(found) == entries
    assert sum(row["unit_price"] for row in rows) == old_count + new_count
    assert sum(int(row["stock_text"]) for row in rows) == old_count + new_count
    assert sum(row["red_count"] or 0 for row in rows) == new_count
    kept = "SELECT SUM(_dropped_old_count_3) FROM product"
    assert int(query(url, kept)[0][0]) == old_count
    assert {row["colour"] for row in rows if row["red_count"]} == {"red"}
    assert {row["colour"] for row in rows if not row["red_count"]} == {"it's blue"}
