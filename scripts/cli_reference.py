"""Renders the help of every command as Markdown, for the cog block in docs/reference/cli.md.

Commands of plugins are excluded: they depend on the machine, not on StarModel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from starmodel.cli.main import app

WIDTH = 88


def reference() -> str:
    """Return one heading for each command, and its help below."""
    root: Any = get_command(app)
    parts = [
        f"### `{path}`\n\n```text\n{text}\n```\n"
        for path, text in helps(root, "starmodel", None)
        if path != "starmodel"
    ]
    return "\n" + "\n".join(parts)


def helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, help) of a command, then of its subcommands; runs no callback."""
    # Colours and the terminal's width would make the output depend on the machine.
    context = command.make_context(
        name, [], parent=parent, resilient_parsing=True, terminal_width=WIDTH, color=False
    )
    yield context.command_path, command.get_help(context)
    if isinstance(command, TyperGroup):
        for inner in sorted(command.commands):
            yield from helps(command.commands[inner], inner, context)


if __name__ == "__main__":
    print(reference())
