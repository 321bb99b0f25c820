"""Shell completion of entity and event names, parsed from source.

The application is not imported, so classes that are created at run time are
not completed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starmodel.cli.css.class_names import source_files
from starmodel.cli.targets import find_target
from starmodel.cli.terminal.errors import CommandError

MAX_FILES = 300
BUILT_IN = ("create", "update", "delete")
BASES = ("Entity", "State")


def entity_names(ctx: Any, incomplete: str) -> list[str]:
    """Completion callback: the entity names with this prefix."""
    return [name for name in _entities(ctx) if name.startswith(incomplete)]


def event_names(ctx: Any, incomplete: str) -> list[str]:
    """Completion callback: the events of the typed entity with this prefix."""
    entities = _entities(ctx)
    name = str(ctx.params.get("target") or "").partition(":")[0]
    events = entities.get(name) or [event for own in entities.values() for event in own]
    return [name for name in dict.fromkeys([*events, *BUILT_IN]) if name.startswith(incomplete)]


def _entities(ctx: Any) -> dict[str, list[str]]:
    """The event names of each entity class in the source folder of the application."""
    try:
        folder = find_target(ctx.params.get("app"), Path.cwd()).folder
    except CommandError:
        folder = Path.cwd()
    found: dict[str, list[str]] = {}
    for number, file in enumerate(f for f in source_files(folder) if f.suffix == ".py"):
        if number == MAX_FILES:
            break
        found |= dict(_classes(file, found))
    return found


def _classes(file: Path, earlier: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    names = {*BASES, *earlier}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and names.intersection(map(_name, node.bases)):
            names.add(node.name)
            methods = (
                n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            )
            yield (
                node.name,
                [m.name for m in methods if "event" in map(_name, m.decorator_list)],
            )


def _name(node: ast.expr) -> str:
    """The last identifier of `Entity`, `starmodel.Entity`, `event` or `event(…)`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
