"""URLs of pages and events are made by `MountedResource` alone."""

from __future__ import annotations

import ast
import re

from architecture.sources import modules, text_constants

MAKERS = {"app/presentation/resource.py", "app/queries/record_keys.py"}
# The registry resolves the path of a class; the areas compare it with their prefixes, and the
# command line prints it.
READERS = {"core/classes/registry.py", "app/presentation/areas.py", "cli/events/describe.py"}
SEGMENTS = re.compile(r"/(?:new|edit|_bulk)\b|^(?:_bulk)$")


def test_segments_of_generated_pages_are_written_once() -> None:
    found = {
        f"{name}: {text!r}"
        for name, tree in modules().items()
        if name not in MAKERS
        for text in text_constants(tree)
        if SEGMENTS.search(text)
    }
    assert not found


def test_only_resources_read_the_path_of_a_class() -> None:
    found = {
        f"{name}:{node.lineno}"
        for name, tree in modules().items()
        if name not in MAKERS | READERS
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "path"
        if ast.unparse(node.value).endswith("entity_type")
    }
    assert not found
