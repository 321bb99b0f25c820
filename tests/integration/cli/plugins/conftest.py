"""Fixtures: plugins in `app/plugins` of the current folder, and installed packages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from starmodel.plugins.discovery import forget_packages

HEAD = "from starmodel.plugins import *\n"
NOTES = '''
from pydantic import BaseModel, Field, SecretStr
from starmodel import Entity, event

class Note(Entity):
    model_config = {"plugin": "notes", "store": "sql"}
    text: str

    @event
    def shout(self):
        self.text = self.text.upper()

class Account(BaseModel):
    user: str = "ann"
    password: str = "hush"

class Settings(BaseModel):
    folder: str = "notes"
    keep: int = 3
    api_key: str = "hush"
    code: SecretStr = SecretStr("hush")
    server: str = "https://ann:hush@example.com/x"
    accounts: list[Account] = [Account()]
    hidden: str = Field(default="hush", repr=False)

async def page(exchange):
    return Page("Notes", "x")

class Notes(Plugin):
    """Notes of everybody,
    in two lines.

    Not in the summary.
    """

    name = "notes"
    starmodel = ">=0.1"
    after = ["audit"]
    Settings = Settings

    def entities(self): return [Note]
    def nav(self): return [NavEntry("Notes", "/notes/notes", access="public")]
    def routes(self): return [Route("/notes/about", page, methods=["GET", "POST"])]
    def commands(self): return {"say": self.say}

    def say(self, word: str, times: int = 1):
        "Say a word."
        print(word * times, "in", self.settings.folder)

    async def on_startup(self, application):
        pass
'''


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Install a package with one module and entry points from its metadata."""
    site = tmp_path / "site"
    site.mkdir()
    sys.path.append(str(site))

    def put(package: str, source: str, **groups: dict[str, str]) -> Path:
        module = package.replace("-", "_")
        (site / f"{module}.py").write_text(source)
        info = site / f"{module}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.5\nSummary: About {package}.\n"
        )
        lines = []
        for group, points in groups.items():
            lines.append(f"[starmodel.{group}]")
            lines += [f"{name} = {module}{value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        sys.modules.pop(module, None)
        forget_packages()
        return info

    return put


@pytest.fixture
def drop_in(write: Callable[[str, str], Path]) -> Callable[[str, str], Path]:
    """Write a plugin module to `app/plugins`."""
    return lambda name, source: write(f"app/plugins/{name}.py", HEAD + source)


@pytest.fixture
def notes(drop_in: Callable[[str, str], Path]) -> Path:
    """A plugin with every kind of contribution."""
    return drop_in("notes", NOTES)
