"""Edits of `starmodel.toml` change one list and preserve every other byte."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from starmodel.cli.plugins.settings_file import edit_names
from starmodel.cli.terminal.errors import CommandError

FILE = Path("starmodel.toml")
LINE = 'off = ["b"]'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def edited(text: str, **lists: list[str]) -> str:
    FILE.write_bytes(text.encode())
    edit_names("b", add_to=lists.get("add", ["off"]), remove_from=lists.get("remove", []))
    return FILE.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[starmodel]\n{LINE}\n"),
        ("# only this\n", f"# only this\n\n[starmodel]\n{LINE}\n"),
        ("[starmodel]\nx = 1", f"[starmodel]\nx = 1\n{LINE}\n"),
        ("[starmodel]\nx = 1 # one\n# end\n", f"[starmodel]\nx = 1 # one\n{LINE}\n# end\n"),
        ("[starmodel]\r\nx = 1\r\n", f"[starmodel]\r\nx = 1\r\n{LINE}\r\n"),
        ("\ufeff[starmodel]\nx = 1\n", f"\ufeff[starmodel]\nx = 1\n{LINE}\n"),
        ("[starmodel]\nx = [\n  1, # one\n]\n\n\n# p\n[starmodel.production]\ny = 1\n",
         f"[starmodel]\nx = [\n  1, # one\n]\n{LINE}\n\n\n# p\n[starmodel.production]\ny = 1\n"),
        ("[starmodel]\n\n[starmodel.plugin.a]\nx = 1\n",
         f"[starmodel]\n{LINE}\n\n[starmodel.plugin.a]\nx = 1\n"),
        ("[starmodel.plugin.a]\nx = 1\n", f"[starmodel]\n{LINE}\n\n[starmodel.plugin.a]\nx = 1\n"),
        ("[starmodel.production]\ny = 1\n[starmodel]\nx = 1\n[starmodel.plugin.a]\n",
         f"[starmodel.production]\ny = 1\n[starmodel]\nx = 1\n{LINE}\n\n[starmodel.plugin.a]\n"),
        ("starmodel.x = 1\n", f"starmodel.x = 1\nstarmodel.{LINE}\n"),
        ("starmodel = {x = 1}\n", f"starmodel = {{x = 1,{LINE}}}\n"),
        ("[starmodel]\noff = []\n", f"[starmodel]\n{LINE}\n"),
        ("[starmodel]\noff = ['a'] # why\n", "[starmodel]\noff = ['a', \"b\"] # why\n"),
        ("[starmodel]\noff = [\n    'a', # why\n]\n",
         "[starmodel]\noff = [\n    'a', # why\n    \"b\",\n]\n"),
        ("[starmodel]\noff = 'a'\n", '[starmodel]\noff = "a, b"\n'),
        ("[starmodel]\noff = ['b']\n", "[starmodel]\noff = ['b']\n"),
    ],
)  # fmt: skip
def test_name_is_added_and_other_bytes_are_preserved(before: str, after: str) -> None:
    assert edited(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[starmodel]\noff = ['a', 'b', 'c']\n", "[starmodel]\noff = ['a', 'c']\n"),
        ("[starmodel]\noff = [\n  'b',\n  'a', # why\n]\n",
         "[starmodel]\noff = [\n  'a', # why\n]\n"),
        ("[starmodel]\noff = 'a,b'\n", '[starmodel]\noff = "a"\n'),
        ("[starmodel]\nx = 1\n", "[starmodel]\nx = 1\n"),
        ("", ""),
    ],
)  # fmt: skip
def test_name_is_removed_and_other_bytes_are_preserved(before: str, after: str) -> None:
    assert edited(before, add=[], remove=["off"]) == after


def test_name_moves_from_one_list_to_the_other() -> None:
    text = edited("[starmodel]\non = ['b']\n", remove=["on"])
    assert tomllib.loads(text) == {"starmodel": {"on": [], "off": ["b"]}}


def test_unchanged_file_is_not_written() -> None:
    assert not edit_names("b", remove_from=["off"])
    assert not FILE.exists()


@pytest.mark.parametrize("text", ["[starmodel\n", "x = \ud800".encode("utf-8", "surrogatepass")])
def test_unreadable_file_is_refused(text: str | bytes) -> None:
    FILE.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CommandError, match="cannot be read"):
        edit_names("b", add_to=["off"])


def test_layout_that_cannot_be_preserved_is_refused_and_unchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tomlkit.dumps", lambda document: "[starmodel]\nother = 1\n")
    FILE.write_text("[starmodel]\n")
    with pytest.raises(CommandError, match=r"In \[starmodel\], edit by hand: off"):
        edit_names("b", add_to=["off"])
    assert FILE.read_text() == "[starmodel]\n"


def test_permissions_and_a_link_are_preserved(tmp_path: Path) -> None:
    target = tmp_path / "shared.toml"
    target.write_text("[starmodel]\n")
    target.chmod(0o600)
    FILE.symlink_to(target)
    edit_names("b", add_to=["off"])
    assert FILE.is_symlink()
    assert target.read_text() == f"[starmodel]\n{LINE}\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shared.toml", "starmodel.toml"]
