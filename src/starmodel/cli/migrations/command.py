"""The modes of `starmodel migrate`: check, merge, purge, and migrate itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

import typer

from starmodel.cli.migrations import drafting
from starmodel.cli.migrations.answers.deciding import Decision
from starmodel.cli.migrations.answers.flags import Flags
from starmodel.cli.migrations.answers.repeating import answer_words
from starmodel.cli.migrations.applying import Outcome, apply_drafts, with_drafts
from starmodel.cli.migrations.database import Database, lost_ids, pending_ids, waiting_ids
from starmodel.cli.migrations.drafting import Draft
from starmodel.cli.migrations.one_at_a_time import one_at_a_time
from starmodel.cli.migrations.project import Project, load_project
from starmodel.cli.migrations.reporting import document, lost_text, questions_text
from starmodel.cli.migrations.rolling import (
    deploy_hint,
    effects_of,
    may_have_old_processes,
    print_effects,
    rolling_drafts,
    rolling_refusal,
    waiting_text,
    wants_split,
)
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.cli.terminal.output import print_json
from starmodel.core.errors import StarModelError
from starmodel.migrations.rolling.effects import Effect
from starmodel.migrations.running.ledger.state import LedgerState
from starmodel.migrations.schema.definitions import Schema


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
    empty: bool = False
    rolling: bool = False
    contract: bool = False
    blocking: bool = False
    as_json: bool = False

    def words(self) -> list[str]:
        """Return the options that a repeated command needs, as words of a command line."""
        words = [] if self.app is None else ["--app", self.app]
        words += [] if self.message is None else ["--message", self.message]
        names = ("yes", "rolling", "contract", "blocking")
        return words + [f"--{name}" for name in names if getattr(self, name)]


def run(options: Options, flags: Flags) -> int:
    """Run one mode; return the exit code.

    Raises: CommandError; typer.Abort, when the developer stops.
    """
    modes = [name for name in ("check", "sql", "purge", "merge", "empty") if getattr(options, name)]
    if len(modes) > 1:
        raise UsageError(f"--{modes[0]} and --{modes[1]} can't be combined. Run one of them.")
    try:
        if options.check or options.sql:
            return _run(options, flags)
        with one_at_a_time():
            return _run(options, flags)
    except StarModelError as error:
        raise CommandError(str(error)) from error


def _run(options: Options, flags: Flags) -> int:
    project = load_project(options.app)
    drafting.check_files(project)
    if options.check:
        return _check(project, flags, options)
    if options.merge:
        return _finish(project, [drafting.merging(project)], None, options)
    if options.purge:
        return _purge(project, options)
    if options.empty:
        return _empty(project, options)
    return _migrate(project, flags, options)


def _migrate(project: Project, flags: Flags, options: Options) -> int:
    state = Database.of(project).state(project.schema(Schema()))
    drafts: list[Draft] = []
    if not len(project.migrations):
        _refuse_lost_files(project, state)
        if state.tables.entities:
            drafts.append(drafting.baseline(project, state.tables))
            project = replace(project, drafted=(drafts[0].file,))
    decision = drafting.decided(
        project,
        flags,
        may_ask=drafting.is_terminal() and not options.as_json,
        accept_safe=options.yes,
        external=state.external,
    )
    if decision.questions:
        if options.as_json:
            print_json(document(decision, ok=False))
        command = ["starmodel", "migrate", *options.words(), *flags.words()]
        raise UsageError(questions_text(decision, command))
    found = effects_of(project, decision, rolling=options.rolling)
    if _may_split(project, found, options):
        if wants_split(project, found):
            options = replace(options, rolling=True)
            found = effects_of(project, decision, rolling=True)
        else:
            found = []  # printed already
    if options.rolling and (why := rolling_refusal(project, decision)):
        raise CommandError(why)
    if len(decision.changes):
        if options.rolling and len(project.migrations):
            drafts += rolling_drafts(project, decision, options.message)
        else:
            drafts.append(drafting.drafted(project, decision, options.message))
    return _finish(project, drafts, decision, options, found)


def _may_split(project: Project, found: list[Effect], options: Options) -> bool:
    """True when the developer is asked to migrate a production database in two parts."""
    is_asked = may_have_old_processes(project) and drafting.is_terminal()
    if not is_asked or options.rolling or options.yes or options.as_json:
        return False
    return any(effect.breaks for effect in found)


def _refuse_lost_files(project: Project, state: LedgerState) -> None:
    if state.entries:
        raise CommandError(
            f"The database has the migration {state.entries[-1].id}, and there are no files in "
            f"{project.folder}. Restore them, or start with an empty database."
        )


def _check(project: Project, flags: Flags, options: Options) -> int:
    """Report differences and pending migrations, and change nothing; exit code 1 for any."""
    state = Database.of(project).state_if_reachable(project.schema(Schema()))
    external = state.external if state is not None else ()
    decision = drafting.decided(
        project, flags, may_ask=False, accept_safe=options.yes, external=external
    )
    pending: list[str] = []
    waiting: list[str] = []
    lost: list[str] = []
    if state is not None and not state.is_new:
        pending = pending_ids(project.migrations, state)
        waiting = waiting_ids(project.migrations, state)
        lost = lost_ids(project.migrations, state)
    differs = len(decision.changes) > 0
    if options.as_json:
        outcome = Outcome(waiting=tuple(waiting))
        ok = not differs and not pending
        print_json(document(decision, ok=ok, pending=pending, outcome=outcome, lost=lost))
        return 1 if differs or pending else 0
    if differs:
        newest = project.migrations.heads
        differ = f"differ from {newest[-1].id}" if newest else "have no migration yet"
        typer.echo(f"The classes {differ}:")
        _print_sentences(decision)
    if pending:
        typer.echo(f"Pending on this database: {', '.join(pending)}.")
    if lost:
        typer.echo(lost_text(lost))
    if differs or pending:
        typer.echo("Run: starmodel migrate")
        return 1
    typer.echo("The classes equal the newest migration.")
    if waiting:
        typer.echo(waiting_text(waiting))
    return 0


def _empty(project: Project, options: Options) -> int:
    """Write a migration without steps, for a developer's own."""
    path = drafting.empty(project, options.message).write()
    if options.as_json:
        print_json(document(None, ok=True, outcome=Outcome(written=(path,))))
    else:
        typer.echo(f"Written: {path}")
        typer.echo("Add steps, such as RunData or RunEvents, then run: starmodel migrate")
    return 0


def _purge(project: Project, options: Options) -> int:
    kept = project.migrations.newest.kept
    if not kept:
        return _finish(project, [], None, options)
    names = [
        each.entity.name if each.field is None else f"{each.entity.name}.{each.field.name}"
        for each in kept
    ]
    sentence = f"Delete for good what was removed: {', '.join(names)}."
    if not options.yes:
        if not drafting.is_terminal():
            raise UsageError(f"{sentence} It can't be restored. Add --yes to confirm.")
        typer.confirm(f"{sentence} It can't be restored. Continue?", abort=True, err=True)
    return _finish(project, [drafting.purging(project, sentence)], None, options)


def _finish(
    project: Project,
    drafts: list[Draft],
    decision: Decision | None,
    options: Options,
    found: Sequence[Effect] = (),
) -> int:
    """Write the files, run what is pending, and report both."""
    if options.sql:
        return _print_sql(project, drafts, decision, options)
    if decision is not None and not options.as_json:
        _print_sentences(decision)
        print_effects(project, found, rolling=options.rolling)
    database = Database.of(project)
    outcome = apply_drafts(
        project.migrations,
        drafts,
        database,
        blocking=options.blocking,
        contract=options.contract,
        again=_command(options, decision),
    )
    lost = lost_ids(with_drafts(project.migrations, drafts), database.state(Schema()))
    if options.as_json:
        print_json(document(decision, ok=True, outcome=outcome, effects=found, lost=lost))
    else:
        _print_outcome(outcome, options, lost)
        if decision is not None and not options.rolling:
            for line in deploy_hint(project, decision, found):
                typer.echo(line)
    return 0


def _command(options: Options, decision: Decision | None) -> str:
    """Return the command line that gives the answers of a decision."""
    answers = [] if decision is None else answer_words(decision.given)
    return shlex.join(["starmodel", "migrate", *options.words(), *answers])


def _print_sql(
    project: Project, drafts: list[Draft], decision: Decision | None, options: Options
) -> int:
    """Print what changed as comments, and the statements that would run."""
    for sentence in decision.changes.sentences(decision.answers) if decision else ():
        typer.echo(f"-- {sentence}")
    for sql in Database.of(project).statements(
        with_drafts(project.migrations, drafts), contract=options.contract
    ):
        typer.echo(sql)
    return 0


def _print_sentences(decision: Decision) -> None:
    for sentence in decision.changes.sentences(decision.answers):
        typer.echo(f"  {sentence}")


def _print_outcome(outcome: Outcome, options: Options, lost: Sequence[str]) -> None:
    for path in outcome.written:
        typer.echo(f"Written: {path}")
    for word, ids in (("Recorded", outcome.recorded), ("Applied", outcome.applied)):
        if ids:
            typer.echo(f"{word}: {', '.join(ids)}")
    if outcome.waiting:
        typer.echo(waiting_text(outcome.waiting))
    elif not outcome.written and not outcome.recorded and not outcome.applied:
        what = "Nothing is kept aside." if options.purge else "Nothing to do."
        typer.echo(f"{what} The classes equal the newest migration, and the database has it.")
    if lost:
        typer.echo(lost_text(lost))
