"""The language of the current request, and an application's own words in it."""

from __future__ import annotations

from typing import TypeVar

from starmodel.core.context_variable import current_context
from starmodel.texts.catalogue import Message
from starmodel.texts.language import Language

T = TypeVar("T", bound=str)


def current_language() -> Language | None:
    """The language of the current request; None in an application with one language."""
    context = current_context.get()
    language: Language | None = None if context is None else context.language
    return language


def translated(text: T) -> str | T:
    """The text in the visitor's language, by `messages.po`; unchanged without a translation.

    A `Message` is unchanged: a catalogue renders it.
    """
    language = current_language()
    if language is None or isinstance(text, Message):
        return text
    return language.words.get(text, text)
