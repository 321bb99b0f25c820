"""Fixtures: an application in a temporary folder, and the `starmodel` command run in it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from starmodel.app.presentation import own_pages
from starmodel.cli.main import app as command
from starmodel.core.definition import defined as definitions

SHOP = '''
import asyncio
from typing import Annotated, Literal

from pydantic import SecretStr, computed_field

from starmodel import Entity, Field, Progress, Toast, create_app, event


class Product(Entity):
    model_config = {"store": "sql"}
    name: str = Field(min_length=2, max_length=20)
    price: Annotated[float, Field(gt=0)] = 1.0
    stock: int = 0
    tags: list[str] = []
    active: bool = True
    cost: float = Field(default=0.5, private=True)

    @computed_field
    @property
    def worth(self) -> float:
        return self.price * self.stock

    @event
    def adjust_stock(self, delta: int, reason: Literal["sale", "return"] = "sale"):
        """Take from the stock, or put back."""
        if self.stock + delta < 0:
            raise ValueError("Insufficient stock")
        self.stock += delta
        return Toast(f"{self.stock} left")

    @event
    async def refill(self, boxes: int = 2):
        for box in range(boxes):
            self.stock += 1
            yield Progress((box + 1) / boxes, f"box {box + 1}")

    @event(access="role:editor")
    def label(self, json: str, tags: list[str] = []):
        self.name, self.tags = json, tags

    @event
    def lock(self, code: SecretStr, active: bool = False):
        print("inside the event")
        self.active = active

    @event
    def boom(self):
        return 1 / 0


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount


class Basket(Entity):
    model_config = {"scope": "user", "store": "sql"}
    count: int = 0

    @event
    def add(self):
        self.count += 1


class Visit(Entity):
    model_config = {"scope": "session", "store": "sql"}
    pages: int = 0

    @event
    def turn(self):
        self.pages += 1


class Chat(Entity):
    model_config = {"scope": "app", "store": "sql", "access": "public"}
    lines: list[str] = []

    @event
    def say(self, text: str):
        self.lines.append(text)


print("shop is imported")
app = create_app([Product, Counter, Basket, Visit, Chat])


@app.get("/")
def home():
    return "home"


@app.route("/products/{pid}/edit", methods=["get"])
def edit(pid: str):
    return pid
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder without environment settings; its modules are unloaded."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(definitions, "_defined", {})
    monkeypatch.setattr(own_pages, "_defined", {})
    for variable in list(os.environ):
        if variable.startswith("STARMODEL_") or variable in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(variable)
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    before = set(sys.modules)
    yield project
    for name in set(sys.modules) - before:
        file = str(getattr(sys.modules[name], "__file__", None) or "")
        if file.startswith(str(tmp_path)) or name.partition(".")[0] == "app":
            del sys.modules[name]


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    """Write a file below the current folder."""

    def put(path: str, text: str) -> Path:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return put


@pytest.fixture
def shop(write: Callable[[str, str], Path]) -> Path:
    """A typical application, found by convention as main:app."""
    return write("main.py", SHOP)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run `starmodel` with these arguments and this input, in this process."""

    def invoke(*words: str, given: str = "") -> Result:
        sys.modules.pop("main", None)  # as in a new process
        definitions._defined.clear()
        own_pages._defined.clear()
        result = CliRunner().invoke(command, list(words), given, prog_name="starmodel")
        failed = result.exception
        assert failed is None or isinstance(failed, SystemExit), result.exc_info
        return result

    return invoke


@pytest.fixture
def answer(run: Callable[..., Result]) -> Callable[..., Any]:
    """Run a command with --json, assert success and parse its output."""

    def invoke(*words: str) -> Any:
        result = run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return invoke
