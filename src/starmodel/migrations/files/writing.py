"""The text of a migration file, readable and laid out as formatters lay it out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

from starmodel.migrations.files.layout import (
    LINE_CHARS,
    Group,
    Named,
    Node,
    Source,
    code_of,
    rendered,
)
from starmodel.migrations.files.snapshot_text import snapshot_text
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps import AddParts, Step, new_uuid, now

MODULE = "starmodel.migrations"


def migration_text(
    about: str,
    after: Sequence[str],
    steps: Sequence[Step],
    schema: Schema,
    sentences: Sequence[str] = (),
    *,
    contract: bool = False,
) -> str:
    """Return the source of a migration file.

    Shapes: about is its title in one line; sentences follow it in the docstring; contract, it
    waits for `--contract`.
    """
    arguments: list[Node] = [
        Named("after=", code_of(list(after))),
        *([Named("contract=", code_of(True))] if contract else []),
        Named("steps=", Group("[", [code_of(step) for step in steps], "]", expand=True)),
        Named("schema=", Source(f'r"""\n{snapshot_text(schema)}\n"""')),
    ]
    call = rendered(Group("Migration(", arguments, ")", expand=True), prefix="migration = ")
    names = sorted({"Migration", *_names(steps)}, key=lambda name: (name.islower(), name))
    return f"{_docstring(about, sentences)}\n\n{_import(names)}\n\n{call}\n"


def _docstring(about: str, sentences: Sequence[str]) -> str:
    first = _plain(about)
    first = first if first.endswith((".", "!", "?", "…")) else f"{first}."
    if len(sentences) < 2:
        return f'"""{first}"""'
    lines = (
        textwrap.fill(
            _plain(sentence), LINE_CHARS, initial_indent="- ", subsequent_indent="  ",
            break_long_words=False, break_on_hyphens=False,
        )
        for sentence in sentences
    )  # fmt: skip
    body = "\n".join(lines)
    return f'"""{first}\n\n{body}\n"""'


def _plain(text: str) -> str:
    """Return text that a docstring can have: one line, no escapes, no end of the docstring."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line.replace("\\", "\\\\").replace('"""', "'''")


def _import(names: Sequence[str]) -> str:
    line = f"from {MODULE} import {', '.join(names)}"
    if len(line) <= LINE_CHARS:
        return line
    return "\n".join([f"from {MODULE} import (", *(f"    {name}," for name in names), ")"])


def _names(values: Iterable[Any]) -> Iterator[str]:
    """Yield what the source of steps has to import."""
    for value in values:
        if value is new_uuid or value is now:
            yield value.__name__
        elif isinstance(value, Step | AddParts):
            yield type(value).__name__
            yield from _names(getattr(value, field.name) for field in fields(value))  # type: ignore[arg-type]
