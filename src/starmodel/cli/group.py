"""The group of all commands: StarModel's own, and behind them those of plugins."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from starmodel.cli.plugins.discovery import (
    PluginError,
    command_points,
    hidden_by,
    load_command,
    offers,
)
from starmodel.cli.terminal.problems import fail


class CommandGroup(TyperGroup):
    """StarModel's commands; a name that is none of them is looked for among the plugins.

    A plugin that can't be loaded costs its own command and one line in the
    help; one with the name of a built-in command is not used, and said so.
    """

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        point = command_points().get(cmd_name)
        if point is None:
            return None
        try:
            return load_command(point)
        except PluginError as error:
            if ctx.resilient_parsing:  # completion, where nothing may be printed
                return None
            fail(error)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        point = command_points().get(name or "")
        if name in self.commands and point is not None and not ctx.resilient_parsing:
            _warn(hidden_by(point, self.commands))
        return name, command, rest

    def list_commands(self, ctx: Any) -> list[str]:
        """All names; no plugin is imported for them."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in command_points() if name not in own)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The own commands, then the plugins', which are imported for their first lines."""
        own = [(name, self.commands[name]) for name in super().list_commands(ctx)]
        added = []
        for name, point in command_points().items():
            if name in self.commands:
                continue
            try:
                added.append((name, load_command(point)))
            except PluginError as error:
                _warn(str(error))
        for sentence in filter(None, (hidden_by(point, self.commands) for point in offers())):
            _warn(sentence)
        for heading, commands in (("Commands", own), ("Commands of plugins", added)):
            shown = [(name, command) for name, command in commands if not command.hidden]
            if shown:
                room = formatter.width - 6 - max(len(name) for name, _ in shown)
                with formatter.section(heading):
                    formatter.write_dl([(n, c.get_short_help_str(room)) for n, c in shown])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Names and options; plugins by their names alone."""
        plugins = [name for name in command_points() if name not in self.commands]
        known = self.commands
        try:
            self.commands = {**known, **{name: _named(name) for name in plugins}}
            return super().shell_complete(ctx, incomplete)
        finally:
            self.commands = known


def _named(name: str) -> Any:
    """A command of which only the name is known."""
    from typer.core import TyperCommand

    return TyperCommand(name=name)


def _warn(sentence: str) -> None:
    typer.echo(f"starmodel: {sentence}", err=True)
