"""Adapts Click commands to Typer.

Typer bundles a private copy of Click, whose types are not those of Click, so
the unparsed arguments are passed on.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from typer.core import TyperCommand


class ClickCommand(TyperCommand):
    """A Click command or group; it parses its arguments and renders its help."""

    def __init__(self, name: str, command: Any) -> None:
        super().__init__(
            name=name,
            help=command.help,
            short_help=command.get_short_help_str(limit=200),
            hidden=command.hidden,
            add_help_option=False,
            rich_markup_mode=None,
        )
        self.command = command

    @staticmethod
    def fits(found: Any) -> bool:
        """Whether the object is a Click command; Click is not imported for the check."""
        click = sys.modules.get("click")
        return click is not None and isinstance(found, click.Command)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return list(args)

    def invoke(self, ctx: Any) -> NoReturn:
        self.command.main(args=ctx.args, prog_name=ctx.command_path)
        raise SystemExit(0)
