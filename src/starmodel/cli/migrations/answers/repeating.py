"""Writes answers as flags, so that a command can be repeated without its prompts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.values import FUNCTIONS
from starmodel.migrations.steps.values import UNSET


def answer_words(answers: Answers) -> list[str]:
    """Return the flags of `starmodel migrate` that give these answers, as words.

    >>> answer_words(Answers(renames={"Product.price": "cost"}, fills={"Product.size": 1}))
    ['--rename', 'Product.price=cost', '--fill', 'Product.size=1']
    """
    return [word for flag, value in _flags(answers) for word in (f"--{flag}", value)]


def _flags(answers: Answers) -> Iterator[tuple[str, str]]:
    for ref, new in answers.renames.items():
        yield "rename", f"{ref}={new}"
    for ref, parts in answers.splits.items():
        named = ",".join(f"{path}:{field}" for field, path in parts.items())
        yield "split", f"{ref}={named}" if named else ref
    for ref, fill in answers.fills.items():
        yield "fill", f"{ref}={_text(fill)}"
    for ref in answers.drops:
        yield "drop", ref
    for ref, value in answers.conversions.items():
        yield "convert", ref if value is UNSET else f"{ref}={_text(value)}"
    for ref, members in answers.replacements.items():
        for old, value in members.items():
            yield "replace", f"{ref}.{old}={_text(value)}"
    for ref, unused in answers.unused.items():
        for old in sorted(unused):
            yield "unused", f"{ref}.{old}"
    for ref, restored in answers.restores.items():
        yield "restore" if restored else "anew", ref


def _text(value: Any) -> str:
    """Return a value as `parse_value` reads it."""
    if isinstance(value, str):
        return value
    for text, (function, _) in FUNCTIONS.items():
        if value is function:
            return text
    return json.dumps(value, ensure_ascii=False)
