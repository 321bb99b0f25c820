"""The style sheet of generated pages: what it leaves out of the whole one."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from types import ModuleType

import pytest

FRONTEND = Path(__file__).parents[2] / "frontend"
USED = frozenset({"sm-card", "uk-btn", "uk-btn-", "dark"})


@pytest.fixture
def purging(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FRONTEND)
    return importlib.import_module("building.purging")


def test_examples_of_the_documentation_hold(purging: ModuleType) -> None:
    assert doctest.testmod(purging).failed == 0


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("@layer a,b;.flex{top:0}", "@layer a,b;"),
        ("@media print{.flex{top:0}}", ""),
        (".uk-btn:not(.uk-large):hover{top:0}", ".uk-btn:not(.uk-large):hover{top:0}"),
        (":is(.flex,.uk-btn)>a{top:0}", ":is(.flex,.uk-btn)>a{top:0}"),
        (":is(.flex,.grid)>a{top:0}", ""),
        (".uk-btn-large{top:0}", ".uk-btn-large{top:0}"),  # f"uk-btn-{size}" can be it
        ("uk-icon svg{top:0}[data-uk-tab]{top:0}[type=text]{top:0}", "[type=text]{top:0}"),
        (".sm-1\\/2{top:0}.md\\:flex{top:0}", ".sm-1\\/2{top:0}"),
        ("@keyframes spin{to{rotate:1turn}}", ""),
        (
            ".uk-btn{animation:1s spin}@keyframes spin{to{rotate:1turn}}",
            ".uk-btn{animation:1s spin}@keyframes spin{to{rotate:1turn}}",
        ),
        (
            ":root{--a:1px;--b:var(--a);--c:var(--b);--d:url(x;y)}p{top:var(--b)}",
            ":root{--a:1px;--b:var(--a)}p{top:var(--b)}",
        ),
        ('@property --x{syntax:"*"}@property --y{syntax:"*"}p{top:var(--y)}',
         '@property --y{syntax:"*"}p{top:var(--y)}'),
        ('.uk-btn:before{content:"} .flex{"}', '.uk-btn:before{content:"} .flex{"}'),
    ],
)  # fmt: skip
def test_rules_that_no_generated_page_needs_are_left_out(
    purging: ModuleType, css: str, kept: str
) -> None:
    assert purging.purged(css, USED) == kept


def test_classes_of_a_style_sheet_are_listed_without_escapes(purging: ModuleType) -> None:
    css = "@media print{.b .md\\:a{top:.5px}}.b{top:0}"
    assert purging.classes(css) == ["b", "md:a"]
