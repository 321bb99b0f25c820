"""Turns definitions, flags and answers into a plan, or into the questions that remain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from starmodel.cli.migrations.answers.flags import Flags, answers_of, renames_of
from starmodel.cli.terminal.errors import UsageError
from starmodel.cli.terminal.suggestions import did_you_mean
from starmodel.core.classes.registry import EntityType
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import NO_ANSWERS, Changes
from starmodel.migrations.comparing.changes.class_side import ChangedShape
from starmodel.migrations.comparing.changes.fields import AddedField
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.made_defaults import with_made_defaults
from starmodel.migrations.comparing.matching import carry_ids
from starmodel.migrations.comparing.questions import (
    ConvertQuestion,
    Question,
    RemovedQuestion,
    open_questions,
)
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps.values import UNSET

FLAGS = {
    "renames": "--rename",
    "splits": "--split",
    "fills": "--fill",
    "drops": "--drop",
    "conversions": "--convert",
    "replacements": "--replace",
    "unused": "--unused",
    "restores": "--restore or --anew",
}
Ask = Callable[[Question], Answers]
"""Asks one question; returns its answer alone."""


@dataclass(frozen=True)
class Decision:
    """What changed, what was answered, and what is still open.

    Shapes: given are the answers of flags and prompts alone; suggested are the questions that
    follow from the first answer to each.
    """

    changes: Changes
    answers: Answers
    questions: tuple[Question, ...] = ()
    suggested: tuple[Question, ...] = ()
    given: Answers = NO_ANSWERS


def decide(
    before: Schema,
    after: Schema,
    flags: Flags,
    *,
    ask: Ask | None = None,
    accept_safe: bool = False,
    types: Sequence[EntityType] = (),
) -> Decision:
    """Compare, and answer questions by flags, defaults of the classes, and prompts.

    Shapes: without prompts, open questions remain; accept_safe answers those whose default loses
    nothing: removed without a likely successor, and conversions that stop before they begin; types
    are the classes, whose factories make defaults.
    Raises: UsageError, for flags that name or change nothing.
    """
    renames = renames_of(flags, before, after)
    carried = carry_ids(before, after, renames.renames)
    answers = answers_of(flags, before, carried, renames)

    def compared(answers: Answers) -> Decision:
        changes = compare(before, carry_ids(before, after, answers.renames))
        answers = with_made_defaults(changes, answers, types)
        questions = open_questions(changes, answers)
        if accept_safe:
            answers, questions = _without_safe(questions, answers)
        return Decision(changes, answers, tuple(questions))

    decision = compared(answers)
    given = answers
    while decision.questions and ask is not None:
        answer = ask(decision.questions[0])
        given = given.joined(answer)
        decision = compared(decision.answers.joined(answer))
    _refuse_unused(decision.changes, decision.answers)
    return replace(decision, suggested=_suggested(decision, compared), given=given)


def _suggested(decision: Decision, compared: Callable[[Answers], Decision]) -> tuple[Question, ...]:
    """Return the questions that are left by the first answer to each before it."""
    found: list[Question] = []
    while decision.questions:
        found.append(decision.questions[0])
        decision = compared(decision.answers.joined(found[-1].assumed))
    return tuple(found)


def _without_safe(questions: list[Question], answers: Answers) -> tuple[Answers, list[Question]]:
    open_: list[Question] = []
    for question in questions:
        if isinstance(question, RemovedQuestion) and not (question.renames or question.split):
            answers = answers.also(drops={question.ref: True})
        elif isinstance(question, ConvertQuestion):
            answers = answers.also(conversions={question.ref: UNSET})
        else:
            open_.append(question)
    return answers, open_


def _refuse_unused(changes: Changes, answers: Answers) -> None:
    """Refuse an answer about something that did not change."""
    known: set[str] = set()
    kept: set[str] = set()
    for change in changes:
        known.update(getattr(change, "refs", ()))
        if isinstance(change, AddedField) and change.kept is not None:
            kept.update(change.refs)
        if isinstance(change, ChangedShape):
            known.update(ref for part in change.missing for ref in change.part_refs(part))
    for kind, ref in answers:
        if kind == "restores" and ref in known - kept:
            raise UsageError(
                f"{FLAGS[kind]} {ref}: no values of a former {ref} are kept aside that fit it. "
                "Leave the flag out."
            )
        if kind != "renames" and ref not in known:
            raise UsageError(
                f"{FLAGS[kind]} {ref}: nothing about {ref} has changed that needs it."
                f"{did_you_mean(ref, known)} Leave the flag out."
            )
