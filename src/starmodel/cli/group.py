"""The root command group: built-in commands, then those of entry points, then of whole plugins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperGroup

from starmodel.cli.plugins.discovery import (
    EntryPointError,
    command_points,
    load_command,
    shadowed_reason,
    single_points,
)
from starmodel.cli.terminal.errors import fail, reporting_errors
from starmodel.core.errors import ConfigurationError


class CommandGroup(TyperGroup):
    """Resolves built-in commands first, then commands of plugins.

    A plugin that can't be loaded disables its command only, with a warning in
    the help. A plugin command with the name of a built-in one is ignored, with
    a warning. Whole plugins are imported for the help and for a command that
    neither StarModel nor an entry point has.
    """

    def invoke(self, ctx: Any) -> Any:
        with reporting_errors():  # of every command, also where a command has forgotten it
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        point = command_points().get(cmd_name)
        if point is None:
            return None if ctx.resilient_parsing else self._of_whole_plugin(cmd_name)
        try:
            return load_command(point)
        except EntryPointError as error:
            if ctx.resilient_parsing:  # shell completion prints nothing else
                return None
            fail(error)

    def _of_whole_plugin(self, name: str) -> Any:
        """The command of a loaded plugin; without one, failed plugins are printed."""
        commands, failures, _ = _whole_plugins(self.commands)
        if name not in commands:
            for sentence in failures:
                _warn(sentence)
        return commands.get(name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        point = command_points().get(name or "")
        if name in self.commands and point is not None and not ctx.resilient_parsing:
            _warn(shadowed_reason(point, self.commands))
        return name, command, rest

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of built-in commands and entry points; no plugin is imported."""
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
            except EntryPointError as error:
                _warn(str(error))
        for point in single_points():
            if reason := shadowed_reason(point, self.commands):
                _warn(reason)
        whole, failures, conflicts = _whole_plugins(self.commands)
        added += whole.items()
        for sentence in [*failures, *conflicts]:
            _warn(sentence)
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


def _whole_plugins(built_in: Iterable[str]) -> tuple[dict[str, Any], list[str], list[str]]:
    """The commands of whole plugins by name, sentences on failed plugins, and on conflicts."""
    from starmodel.cli.plugins.contributed_commands import contributed_commands
    from starmodel.cli.plugins.hosts import folder_plugins
    from starmodel.cli.plugins.reporting import sentence_of

    try:
        host = folder_plugins().host
    except ConfigurationError as error:
        return {}, [str(error)], []
    commands, conflicts = contributed_commands(host, built_in)
    failures = [sentence_of(report) for report in host.reports if report.state == "failed"]
    return commands, failures, [conflict.text for conflict in conflicts]


def _placeholder(name: str) -> Any:
    """A command without parameters, for completion by name."""
    from typer.core import TyperCommand

    return TyperCommand(name=name)


def _warn(sentence: str) -> None:
    typer.echo(f"starmodel: {sentence}", err=True)
