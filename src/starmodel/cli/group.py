"""The root command group: built-in commands, then plugin commands."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from starmodel.cli.plugins.discovery import (
    PluginError,
    command_points,
    load_command,
    shadowed_reason,
    starmodel_points,
)
from starmodel.cli.terminal.errors import fail


class CommandGroup(TyperGroup):
    """Resolves built-in commands first, then commands of plugins.

    A plugin that can't be loaded disables its command only, with a warning in
    the help. A plugin command with the name of a built-in one is ignored, with
    a warning.
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
            if ctx.resilient_parsing:  # shell completion prints nothing else
                return None
            fail(error)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        point = command_points().get(name or "")
        if name in self.commands and point is not None and not ctx.resilient_parsing:
            _warn(shadowed_reason(point, self.commands))
        return name, command, rest

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, from entry points; no plugin is imported."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in command_points() if name not in own)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Built-in commands, then plugin commands, which are imported for their help."""
        own = [(name, self.commands[name]) for name in super().list_commands(ctx)]
        added = []
        for name, point in command_points().items():
            if name in self.commands:
                continue
            try:
                added.append((name, load_command(point)))
            except PluginError as error:
                _warn(str(error))
        for point in starmodel_points():
            if reason := shadowed_reason(point, self.commands):
                _warn(reason)
        for heading, commands in (("Commands", own), ("Commands of plugins", added)):
            visible = [(name, command) for name, command in commands if not command.hidden]
            if visible:
                width = formatter.width - 6 - max(len(name) for name, _ in visible)
                with formatter.section(heading):
                    formatter.write_dl([(n, c.get_short_help_str(width)) for n, c in visible])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete names and options; plugin commands by name only."""
        plugins = [name for name in command_points() if name not in self.commands]
        built_in = self.commands
        try:
            self.commands = {**built_in, **{name: _placeholder(name) for name in plugins}}
            return super().shell_complete(ctx, incomplete)
        finally:
            self.commands = built_in


def _placeholder(name: str) -> Any:
    """A command without parameters, for completion by name."""
    from typer.core import TyperCommand

    return TyperCommand(name=name)


def _warn(sentence: str) -> None:
    typer.echo(f"starmodel: {sentence}", err=True)
