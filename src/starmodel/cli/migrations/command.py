"""The modes of `starmodel migrate`: check, merge, purge, and migrate itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import typer

from starmodel.cli.migrations import drafting
from starmodel.cli.migrations.deciding import Decision
from starmodel.cli.migrations.drafting import Draft
from starmodel.cli.migrations.flags import Flags
from starmodel.cli.migrations.project import Project, load_project
from starmodel.cli.migrations.reporting import document, questions_text
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.cli.terminal.output import print_json
from starmodel.migrations.errors import MigrationError


@dataclass(frozen=True)
class Options:
    """The options of `starmodel migrate`, beside those that answer questions."""

    app: str | None = None
    message: str | None = None
    check: bool = False
    sql: bool = False
    yes: bool = False
    purge: bool = False
    merge: bool = False
    blocking: bool = False
    as_json: bool = False

    def words(self) -> list[str]:
        """Return the options that a repeated command needs, as words of a command line."""
        words = [] if self.app is None else ["--app", self.app]
        words += [] if self.message is None else ["--message", self.message]
        return words + [f"--{name}" for name in ("yes", "blocking") if getattr(self, name)]


def run(options: Options, flags: Flags) -> int:
    """Run one mode; return the exit code.

    Raises: CommandError; ConfigurationError; typer.Abort, when the developer stops.
    """
    modes = [name for name in ("check", "sql", "purge", "merge") if getattr(options, name)]
    if len(modes) > 1:
        raise UsageError(f"--{modes[0]} and --{modes[1]} can't be combined. Run one of them.")
    try:
        project = load_project(options.app)
        drafting.check_files(project)
        if options.merge:
            return _write(project, drafting.merging(project), None, options)
        if options.purge:
            return _purge(project, options)
        return _migrate(project, options, flags)
    except MigrationError as error:
        raise CommandError(str(error)) from error


def _migrate(project: Project, options: Options, flags: Flags) -> int:
    may_ask = drafting.is_terminal() and not options.check and not options.as_json
    decision = drafting.decided(project, flags, may_ask=may_ask, accept_safe=options.yes)
    if options.check:
        return _check(project, decision, options)
    if decision.questions:
        if options.as_json:
            print_json(document(decision, ok=False))
        command = ["starmodel", "migrate", *options.words(), *flags.words()]
        raise UsageError(questions_text(decision, command))
    if not len(decision.changes):
        return _finish(project, None, options)
    draft = drafting.drafted(project, decision, options.message)
    return _write(project, draft, decision, options)


def _check(project: Project, decision: Decision, options: Options) -> int:
    """Report differences without changing anything; exit code 1 for any."""
    differs = len(decision.changes) > 0
    if options.as_json:
        print_json(document(decision, ok=not differs))
    elif differs:
        newest = project.migrations.heads
        differ = f"differ from {newest[-1].id}" if newest else "have no migration yet"
        typer.echo(f"The classes {differ}:")
        _print_sentences(decision)
        typer.echo("Write it by: starmodel migrate")
    else:
        typer.echo("The classes equal the newest migration.")
    return 1 if differs else 0


def _purge(project: Project, options: Options) -> int:
    kept = project.migrations.newest.kept
    if not kept:
        typer.echo("Nothing is kept aside.")
        return 0
    names = [
        each.entity.name if each.field is None else f"{each.entity.name}.{each.field.name}"
        for each in kept
    ]
    sentence = f"Delete for good what was removed: {', '.join(names)}."
    if not options.yes:
        if not drafting.is_terminal():
            raise UsageError(f"{sentence} It can't be restored. Add --yes to confirm.")
        typer.confirm(f"{sentence} It can't be restored. Continue?", abort=True, err=True)
    return _write(project, drafting.purging(project, sentence), None, options)


def _write(project: Project, draft: Draft, decision: Decision | None, options: Options) -> int:
    path = draft.write()
    if not options.as_json:
        if decision is not None:
            _print_sentences(decision)
        typer.echo(f"Written: {path}")
    return _finish(replace(project), path, options, decision)


def _finish(
    project: Project, written: Path | None, options: Options, decision: Decision | None = None
) -> int:
    if options.as_json:
        print_json(document(decision, ok=True, written=written))
    elif written is None:
        typer.echo("The classes equal the newest migration.")
    return 0


def _print_sentences(decision: Decision) -> None:
    for sentence in decision.changes.sentences(decision.answers):
        typer.echo(f"  {sentence}")
