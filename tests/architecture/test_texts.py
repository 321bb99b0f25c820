"""Texts for visitors are in the catalogue only: core, app and adapters name them by key."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import starmodel
from starmodel.texts.english import TEXTS

SOURCES = Path(starmodel.__file__).parent
CATALOGUE = SOURCES / "texts" / "english.py"
TREES = {
    path: ast.parse(path.read_text())
    for path in sorted(SOURCES.rglob("*.py"))
    if path != CATALOGUE and "templates/project" not in path.as_posix()
}
# Errors with sentences beside inputs, and the position of that argument.
WITH_SENTENCES = {
    "BindingError": 1, "ConstraintError": 1, "InvalidStateError": 1, "EditConflictError": 2,
    "ArgumentProblem": 1,
}  # fmt: skip
# No form sends such a request, and only code dispatches a record.
FOR_PROGRAMS = {"'must be sent in the body'", "'was not recorded'"}


def constants(node: ast.AST) -> Iterator[str]:
    """The string constants of a tree, those of f-strings included and docstrings left out."""
    docs = {
        id(owner.body[0].value)
        for owner in ast.walk(node)
        if isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and owner.body
        and isinstance(owner.body[0], ast.Expr)
    }
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and id(item) not in docs:
            yield item.value


def used_keys(tree: ast.AST) -> Iterator[str]:
    """The keys that calls of `Message(…)`, `joined(…)` and `texts.text(…)` name."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and call.args):
            continue
        name = ast.unparse(call.func)
        if name in ("Message", "joined") or re.search(r"texts\.(text|joined)$", name):
            yield from (
                word
                for word in constants(call.args[0])
                if re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", word)
            )


def sentences_of(tree: ast.AST) -> Iterator[str]:
    """Literal sentences where an error has the texts that stand beside inputs."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        at = WITH_SENTENCES.get(ast.unparse(call.func))
        found = [] if at is None else call.args[at : at + 1]
        found = [
            value for arg in found for value in (arg.values if isinstance(arg, ast.Dict) else [arg])
        ]
        found += [k.value for k in call.keywords if k.arg == "plain"]
        for value in found:
            if isinstance(value, ast.JoinedStr | ast.Constant):
                yield ast.unparse(value)


@pytest.mark.parametrize("layer", ["core", "app", "adapters"])
def test_errors_have_their_sentences_from_the_catalogue(layer: str) -> None:
    found = {
        f"{path.relative_to(SOURCES)}: {text}"
        for path, tree in TREES.items()
        if path.is_relative_to(SOURCES / layer)
        for text in sentences_of(tree)
        if text not in FOR_PROGRAMS
    }
    assert not found


def test_no_text_of_the_catalogue_is_written_elsewhere() -> None:
    """Whole sentences, and the part of a template that is long enough to be recognised."""
    templates = [
        form
        for text in TEXTS.values()
        for form in ([text] if isinstance(text, str) else text.values())
    ]
    pieces = {
        piece.strip()
        for template in templates
        for piece in re.split(r"\{[a-z:_]*\}", template)
        if len(piece.split()) >= (3 if re.search(r"[.?]$", piece) else 5)
    }
    found = {
        f"{path.relative_to(SOURCES)}: {text!r}"
        for path, tree in TREES.items()
        if path.relative_to(SOURCES).parts[0] in ("core", "app", "adapters")
        for text in constants(tree)
        if any(piece in text for piece in pieces)
    }
    assert not found


def test_core_and_app_have_no_polite_sentence() -> None:
    found = {
        f"{path.relative_to(SOURCES)}: {text!r}"
        for path, tree in TREES.items()
        if path.relative_to(SOURCES).parts[0] in ("core", "app")
        for text in constants(tree)
        if re.search(r"\bplease\b", text, re.IGNORECASE)
    }
    assert not found


def test_core_and_app_render_no_text() -> None:
    """They pass messages on; an adapter renders them by the catalogue of its application."""
    found = {
        f"{path.relative_to(SOURCES)}: {ast.unparse(call)}"
        for path, tree in TREES.items()
        if path.relative_to(SOURCES).parts[0] in ("core", "app")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and re.search(r"(texts|ENGLISH)\.(text|render|render_all|joined)$", ast.unparse(call.func))
    }
    assert not found


def literal_texts(tree: ast.Module) -> Iterator[str]:
    """Literal children of components, and literal attributes that are read aloud or shown."""
    components = {
        name.asname or name.name
        for item in tree.body
        if isinstance(item, ast.ImportFrom) and item.module == "fasthtml.components"
        for name in item.names
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in components:
            shown = [
                k.value for k in call.keywords if k.arg in ("aria_label", "placeholder", "alt")
            ]
            for value in [*call.args, *shown]:
                if isinstance(value, ast.Constant | ast.JoinedStr):
                    yield from (text for text in constants(value) if re.search("[A-Za-z]{2}", text))


def test_generated_pages_have_no_literal_text() -> None:
    for_developers = SOURCES / "adapters" / "ui" / "franken" / "errors" / "tracebacks.py"
    found = {
        f"{path.relative_to(SOURCES)}: {text!r}"
        for path, tree in TREES.items()
        if path.is_relative_to(SOURCES / "adapters") and path != for_developers
        for text in literal_texts(tree)
    }
    assert not found


def test_every_used_key_exists() -> None:
    used = {key for tree in TREES.values() for key in used_keys(tree)}
    assert len(used) > 100
    assert used <= TEXTS.keys()


def test_every_key_is_used() -> None:
    named = {text for tree in TREES.values() for text in constants(tree)}
    assert not TEXTS.keys() - named
