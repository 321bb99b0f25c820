"""Prompts for the questions of a migration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.words import listed, member_words, members_of
from starmodel.migrations.comparing.questions import (
    ConvertQuestion,
    FillQuestion,
    MemberQuestion,
    Question,
    RemovedQuestion,
    RestoreQuestion,
)
from starmodel.migrations.comparing.values import (
    FUNCTIONS,
    ValueMismatchError,
    expected_words,
    parse_json,
    parse_value,
)
from starmodel.migrations.schema.definitions import FieldDefinition
from starmodel.migrations.steps.values import UNSET


class StoppedError(Exception):
    """The developer answered no; nothing is to be changed."""


def ask(question: Question) -> Answers:
    """Prompt for one question until the answer is valid.

    Raises: StoppedError; typer.Abort, at the end of the input.
    """
    _say("")
    _say(question.text)
    if isinstance(question, RemovedQuestion):
        return _ask_removed(question)
    if isinstance(question, FillQuestion):
        return Answers(fills={question.ref: _ask_value(question.field, question.expected)})
    if isinstance(question, RestoreQuestion):
        choices = ["its former values come back", "it begins anew; they stay aside"]
        return Answers(restores={question.ref: _choose(choices) == 0})
    if isinstance(question, ConvertQuestion):
        return _ask_conversion(question)
    if isinstance(question, MemberQuestion):
        return _ask_member(question)
    raise TypeError(f"no prompt for {type(question).__name__}")


def _ask_removed(question: RemovedQuestion) -> Answers:
    if not question.renames and not question.split:
        if typer.confirm("Its data is kept aside. Continue?", default=True, err=True):
            return Answers(drops={question.ref: True})
        raise StoppedError
    ref = question.ref
    choices = [(f"renamed to {new}", Answers(renames={ref: new})) for new in question.renames]
    if question.split:
        choices.append((f"split into {listed(question.split)}", Answers(splits={ref: {}})))
    choices.append(("removed; its data is kept aside", Answers(drops={ref: True})))
    return choices[_choose([text for text, _ in choices])][1]


def _ask_conversion(question: ConvertQuestion) -> Answers:
    if question.is_key:
        if typer.confirm("Stop before anything runs if one doesn't. Continue?", True, err=True):
            return Answers(conversions={question.ref: UNSET})
        raise StoppedError
    choices = ["stop before anything runs if a value doesn't fit", "give such rows another value"]
    if _choose(choices, default="1") == 0:
        return Answers(conversions={question.ref: UNSET})
    value = _ask_value(question.field, expected_words(question.field))
    return Answers(conversions={question.ref: value})


def _ask_member(question: MemberQuestion) -> Answers:
    names = members_of(question.field)
    shown = member_words(question.field, names)
    chosen = _choose([*shown, "no row has it; otherwise stop before anything runs"])
    if chosen == len(names):
        return Answers(unused={question.ref: frozenset({question.member})})
    value = parse_value(question.field, names[chosen])
    return Answers(replacements={question.ref: {question.member: value}})


def _ask_value(field: FieldDefinition | None, expected: str) -> Any:
    while True:
        text = typer.prompt(f"Value ({expected})", default=_default(field), err=True)
        try:
            return parse_json(text) if field is None else parse_value(field, text)
        except ValueMismatchError as error:
            _say(f"{text!r} does not fit; {error}.")


def _default(field: FieldDefinition | None) -> str | None:
    """Return the default of a prompt: a generated value where the class generates one."""
    if field is None or not field.default_factory:
        return None
    return next((name for name, (_, kinds) in FUNCTIONS.items() if field.type.kind in kinds), None)


def _choose(choices: Sequence[str], default: str | None = None) -> int:
    for number, choice in enumerate(choices, 1):
        _say(f"  {number}  {choice}")
    while True:
        numbers = "1 or 2" if len(choices) == 2 else f"1 to {len(choices)}"
        text = typer.prompt(f"Which? ({numbers})", default=default, err=True)
        if str(text).isdecimal() and 1 <= int(text) <= len(choices):
            return int(text) - 1
        _say(f"{text!r} is not a number of the list.")


def _say(text: str) -> None:
    typer.echo(text, err=True)
