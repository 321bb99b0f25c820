"""Which words of an application's source are given to the style sheet's compiler."""

from __future__ import annotations

from pathlib import Path

import pytest

from starmodel.cli.css.class_names import class_names, source_files


@pytest.mark.parametrize(
    "text",
    [
        'Div(cls="mt-[13px] flex")',
        "Div(cls='flex mt-[13px]')",
        'Div(cls=("flex", "mt-[13px]"))',
        'Div(cls=f"mt-[13px] {more}")',
        '<div class="mt-[13px]">',
        "<div class=mt-[13px]>",
        'cls = """\n  mt-[13px]\n"""',
    ],
)
def test_class_names_of_text_include_the_class(tmp_path: Path, text: str) -> None:
    file = tmp_path / "page.py"
    file.write_text(text)
    assert "mt-[13px]" in class_names([file])


@pytest.mark.parametrize(
    "name", ["content-['x']", "[&>p]:mt-4", "w-1/2", "bg-[url(/a.png)]", "!p-0"]
)
def test_class_names_keep_brackets_and_quotes(tmp_path: Path, name: str) -> None:
    file = tmp_path / "page.py"
    file.write_text(f'Div(cls="flex {name} grid")')
    assert name in class_names([file])


def test_source_files_skip_environments_and_hidden_folders(tmp_path: Path) -> None:
    for name in (
        "main.py", "pages/home.py", "templates/a.html", "notes.txt", ".hidden/a.py",
        "node_modules/a.js", "env/lib/a.py", "data.csv",
    ):  # fmt: skip
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    found = [str(file.relative_to(tmp_path)) for file in source_files(tmp_path)]
    assert sorted(found) == ["main.py", "pages/home.py", "templates/a.html"]
