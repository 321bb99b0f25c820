"""Commands made with Click, inside a Typer application.

Typer has a Click of its own inside, which takes none of Click's own
objects: the command line is handed over as it is.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from typer.core import TyperCommand


class ClickCommand(TyperCommand):
    """A command or group of Click's, which reads its own arguments and prints its own help."""

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
        """True for a command of Click's, which whoever made one has imported."""
        click = sys.modules.get("click")
        return click is not None and isinstance(found, click.Command)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return list(args)

    def invoke(self, ctx: Any) -> NoReturn:
        self.command.main(args=ctx.args, prog_name=ctx.command_path)
        raise SystemExit(0)
