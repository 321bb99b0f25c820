"""Fixtures: plugin modules in `app/plugins` of a temporary folder, and installed packages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from starmodel.plugins.discovery import candidates
from starmodel.plugins.host import PluginHost, load_plugins
from starmodel.plugins.loading import PluginOptions

HEAD = "from starmodel.plugins import *\n"


@pytest.fixture(autouse=True)
def clean_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in the temporary folder; forget the modules that a test has imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("app", "starmodel_")):
            del sys.modules[name]


@pytest.fixture
def drop_in(tmp_path: Path) -> Callable[..., Path]:
    """Write a module to `app/plugins`."""

    def write(name: str, source: str) -> Path:
        folder = tmp_path / "app" / "plugins"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.py"
        path.write_text(HEAD + source)
        return path

    return write


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., None]:
    """Install a package with one module, and its metadata."""

    def install(name: str, source: str, version: str = "1.5", **points: str) -> None:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(HEAD + source)
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata)
        lines = [f"{key} = {module}:{value}" for key, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[starmodel.plugins]", *lines, ""]))

    return install


@pytest.fixture
def host() -> Callable[..., PluginHost]:
    """Load the plugins of the folder, of installed packages, and the given ones."""

    def load(*given: Any, **options: Any) -> PluginHost:
        found = candidates(given, Path("app/plugins"))
        return load_plugins(found, PluginOptions(**options))

    return load
