"""Messages about the state of a database, with the command that resolves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from starmodel.migrations.comparing.questions import (
    ConvertQuestion,
    Question,
    RemovedQuestion,
    open_questions,
)
from starmodel.migrations.errors import DriftError
from starmodel.migrations.state import DatabaseState

MIGRATE, UPGRADE, MERGE = (
    "starmodel migrate",
    "starmodel db upgrade",
    "starmodel migrate --merge",
)
MAX_SENTENCES = 8


class Explained(NamedTuple):
    """One finding on a database. Shapes: remedy is a sentence, "" without a remedy."""

    level: Literal["warning", "note"]
    text: str
    remedy: str = ""


def refusal(state: DatabaseState, *, production: bool) -> DriftError | None:
    """Return why the application can't start on this database; None when it can."""
    apply = UPGRADE if production else MIGRATE
    if state.kind == "branched":
        heads = [file.id for file in state.migrations.heads]
        text = f"{len(heads)} migrations are the newest: {_listed(heads)}. They come from branches."
        return DriftError(text, command=MERGE, asks=True)
    if state.kind == "interrupted":
        text = f"The migration {state.interrupted[0]} was interrupted, and continues where it was."
        return DriftError(text, command=UPGRADE)
    if state.kind == "fresh" and len(state.migrations):
        return DriftError("The database has no tables yet.", command=apply)
    if state.kind == "unmanaged":
        text = "The database has tables that no migration has created."
        return DriftError(text, _few([each.text for each in state.edited]), command=UPGRADE)
    if state.kind == "behind":
        pending = [file.id for file in state.pending]
        count = len(pending)
        what = f"the migration {pending[0]}" if count == 1 else f"{count} migrations"
        listed = "" if count == 1 else f": {_listed(pending)}"
        return DriftError(f"The database lacks {what}{listed}.", command=apply)
    if state.kind == "drifted":
        return drifted(state, production=production)
    return None


def explained(state: DatabaseState, *, production: bool) -> Iterator[Explained]:
    """Yield the findings on a database that does not prevent the start."""
    unknown = state.unknown
    if unknown:
        there = f"the migration {unknown[-1]}, and there is no such file"
        yield Explained(
            "note" if production else "warning",
            f"The database has {there}: a newer version of the application has migrated it, or "
            "another branch.",
            "Take the version that has the file, or undo the migration there: "
            "starmodel db downgrade.",
        )
    if state.waiting:
        yield Explained(
            "note",
            f"{_listed(state.waiting)} waits until no process of the old version runs.",
            "Then run: starmodel migrate --contract",
        )
    for each in state.differences:
        if each.is_extra:
            yield Explained("note", f"{each.text} Migrations leave it as it is.")
        else:
            yield Explained(
                "warning",
                f"{each.text} The table was changed by hand.",
                "Change it back, or change the class likewise and run: starmodel migrate",
            )


def drifted(state: DatabaseState, *, production: bool, creation: Sequence[str] = ()) -> DriftError:
    """Return the refusal of classes that have changed.

    Shapes: creation are the statements for new classes that the database user may not run.
    """
    heads = state.migrations.heads
    since = f"the migration {heads[0].id}" if heads else "their tables were created"
    text = f"The classes have changed since {since}."
    about = _few(_changes_and_questions(state))
    if creation:
        about.append(
            "The user of the database url may not create tables. If nothing was renamed, let "
            f"its owner run: {'; '.join(creation)}"
        )
    if production:
        about = [
            *about,
            f"Run `{MIGRATE}` where you develop, and deploy the file that it writes.",
        ]
        return DriftError(text, about)
    return DriftError(text, about, MIGRATE, asks=any(not _is_safe(q) for q in _questions(state)))


def _changes_and_questions(state: DatabaseState) -> list[str]:
    """Return all questions, where one of them needs an answer, and the changes otherwise."""
    questions = _questions(state)
    if not all(map(_is_safe, questions)):
        return [question.text for question in questions]
    return [change.sentence(state.answers) for change in state.drift if change.is_said]


def _questions(state: DatabaseState) -> list[Question]:
    return [] if state.changes is None else open_questions(state.changes, state.answers)


def _is_safe(question: Question) -> bool:
    """True for what `starmodel migrate --yes` answers, because no value is lost."""
    if isinstance(question, RemovedQuestion):
        return not (question.renames or question.split)
    return isinstance(question, ConvertQuestion)


def _few(sentences: Sequence[str]) -> list[str]:
    left = len(sentences) - MAX_SENTENCES
    few = list(sentences[:MAX_SENTENCES])
    return [*few, f"And {left} more."] if left > 0 else few


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:MAX_SENTENCES]) + (", …" if len(ids) > MAX_SENTENCES else "")
