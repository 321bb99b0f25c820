"""What the commands of migrations print, as text and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from starmodel.cli.migrations.answers.deciding import Decision
from starmodel.cli.migrations.applying import Outcome
from starmodel.cli.migrations.rolling import effect_documents
from starmodel.migrations.comparing.questions import FillQuestion
from starmodel.migrations.rolling.effects import Effect


def questions_text(decision: Decision, command: Sequence[str]) -> str:
    """Return all open questions with their flags, and a command to copy.

    Shapes: command is the present command line, such as ["starmodel", "migrate"].
    """
    questions, suggested = decision.questions, decision.suggested
    count = "1 question is" if len(questions) == 1 else f"{len(questions)} questions are"
    parts = [f"{count} open. Nothing is changed. Answer on a terminal, or by flags:"]
    for question in questions:
        flags = question.flags
        width = max(len(shlex.join(_words(flag))) for flag, _ in flags)
        lines = [f"  {shlex.join(_words(flag)).ljust(width)}  {means}" for flag, means in flags]
        only = "" if question in suggested else " (Not with the answers below.)"
        parts.append("\n".join([f"{question.text}{only}", *lines]))
    words = [*command, *(word for question in suggested for word in _words(question.flags[0][0]))]
    has_values = any(isinstance(question, FillQuestion) for question in suggested)
    value = ", and your value in the place of VALUE" if has_values else ""
    parts.append(f"With the first answer to each{value}:\n  {shlex.join(words)}")
    return "\n\n".join(parts)


def document(
    decision: Decision | None,
    *,
    ok: bool,
    pending: Sequence[str] = (),
    outcome: Outcome | None = None,
    effects: Sequence[Effect] = (),
    lost: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the JSON document of `starmodel migrate`."""
    outcome = outcome or Outcome()
    changes = [] if decision is None else [each for each in decision.changes if each.is_said]
    answers = None if decision is None else decision.answers
    return {
        "ok": ok,
        "changes": [
            {
                "title": change.title(),
                "text": change.sentence(answers) if answers is not None else change.sentence(),
                "in_database": change.in_database,
            }
            for change in changes
        ],
        "questions": [
            {
                "about": question.ref,
                "text": question.text,
                "flags": [shlex.join(_words(flag)) for flag, _ in question.flags],
            }
            for question in (decision.questions if decision is not None else ())
        ],
        "written": [str(path) for path in outcome.written],
        "recorded": list(outcome.recorded),
        "applied": list(outcome.applied),
        "pending": list(pending),
        "waiting": list(outcome.waiting),
        "without_file": list(lost),
        "old_processes": effect_documents(effects),
    }


def lost_text(lost: Sequence[str]) -> str:
    """Return the line about migrations of the database that have no file."""
    files = f"there is no file {lost[0]}.py" if len(lost) == 1 else "there are no such files"
    return (
        f"The database also has {', '.join(lost)}, and {files} here: another branch or a newer "
        "version has migrated it. Take the version that has the files, or undo them there: "
        "starmodel db downgrade"
    )


def _words(flag: str) -> list[str]:
    name, _, value = flag.partition(" ")
    return [name, value]
