"""Loads example programs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from starmodel.app.presentation import own_pages
from starmodel.core.definition import defined as definitions

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def program(
    in_memory: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Any]]:
    """`program("todo")` and `program("todomvc/app")`: the module, loaded anew."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(definitions, "_defined", {})
    monkeypatch.setattr(own_pages, "_defined", {})
    monkeypatch.syspath_prepend(EXAMPLES)
    known = set(sys.modules)

    def load(name: str) -> Any:
        return importlib.import_module(name.replace("/", "."))

    yield load
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(EXAMPLES)):
            del sys.modules[name]
    assert list(tmp_path.iterdir()) == []
