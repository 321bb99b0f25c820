"""What forms call the inputs of an event, for messages about them."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic.fields import FieldInfo

from starmodel.app.commands.binding.binder import Binder
from starmodel.core.translations import translated
from starmodel.texts.catalogue import Message

_PATTERN = "value.pattern"
_LIMITS = frozenset({"value.more_than", "value.at_least", "value.less_than", "value.at_most"})


@dataclass(frozen=True, slots=True)
class FieldWords:
    """The labels and first examples of inputs, by the name of field or parameter.

    Shapes: percents are the names of fractions that inputs show as percentages.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    percents: frozenset[str] = frozenset()

    def with_examples(self, problems: Mapping[str, str]) -> dict[str, str]:
        """The messages by name, in the terms of the inputs.

        One about the form of a text gives the field's example, a limit of a percentage is one.
        """
        return {name: self._with_example(name, text) for name, text in problems.items()}

    def _with_example(self, name: str, text: str) -> str:
        if isinstance(text, Message) and text.key == _PATTERN and name in self.examples:
            return Message("value.pattern_like", example=self.examples[name])
        if isinstance(text, Message) and text.key in _LIMITS and name in self.percents:
            return Message(text.key, bound=f"{Decimal(str(text.params['bound'])) * 100:f}%")
        return text


NO_WORDS = FieldWords()


def field_words(binder: Binder) -> FieldWords:
    """The words of the inputs of an event, and of the public fields that it may set."""
    specs = binder.entity_type.cls.__entity__.fields
    titles = {name: spec.title for name, spec in specs.items() if not spec.private}
    percents = frozenset(name for name, spec in specs.items() if spec.ui.format == "percent")
    examples: dict[str, str] = {}
    for parameter in binder.public_parameters:
        name = parameter.name
        spec = specs[name] if parameter.is_field else None
        info = _info(parameter.annotation) if spec is None else spec.info
        title = None if info is None else info.title
        titles[name] = translated(title or name.replace("_", " ").capitalize())
        if info is not None and info.examples:
            examples[name] = str(info.examples[0])
    return FieldWords(titles, examples, percents)


def _info(annotation: Any) -> FieldInfo | None:
    parts = typing.get_args(annotation)[1:]
    return next((part for part in parts if isinstance(part, FieldInfo)), None)
