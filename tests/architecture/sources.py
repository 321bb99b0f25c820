"""The syntax trees of the package, and the text constants in them."""

from __future__ import annotations

import ast
from pathlib import Path

import starmodel

SOURCES = Path(starmodel.__file__).parent


def modules(folder: str = "") -> dict[str, ast.Module]:
    """The modules below a folder by their path, without the templates of new projects."""
    found = {
        path.relative_to(SOURCES).as_posix(): path for path in (SOURCES / folder).rglob("*.py")
    }
    return {
        name: ast.parse(path.read_text(encoding="utf-8"))
        for name, path in found.items()
        if "/templates/" not in name
    }


def text_constants(tree: ast.Module) -> set[str]:
    """String and bytes constants as text, docstrings excluded."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
    docstrings = {id(node.value) for node in statements}
    return {
        node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        if id(node) not in docstrings
    }
