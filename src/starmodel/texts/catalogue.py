"""A catalogue: the text of each key, in English or in an application's own words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeVar

from starmodel.texts.english import TEXTS, Text
from starmodel.texts.formats import Formats
from starmodel.texts.templates import Template

T = TypeVar("T", bound=str | None)
Plural = Callable[[int], str]
OTHER = "other"


def one_or_other(number: int) -> str:
    """The plural form in English, German and many other languages."""
    return "one" if number == 1 else OTHER


class Catalogue:
    """The texts of one application; immutable.

    A text with several plural forms is chosen by its first parameter that is
    an integer.

    Shapes: own maps keys to texts that replace the English ones; a text is a
    template, or {form: template} with the form "other". plural names the form
    for a number; words translates an application's own texts, such as the titles of its
    events; formats writes numbers and dates, None for English.
    Raises: ValueError, for an unknown key, and for a template with an unknown
    parameter, with ":size" where the English text has no size, or without a
    parameter that the English text has. A plural form other than "other" may
    leave the number out. A key of a plugin, "audit.title", is checked by `extended`.
    """

    __slots__ = ("_formats", "_of_plugins", "_plural", "_texts", "_words", "own")

    def __init__(
        self,
        own: Mapping[str, Text] = MappingProxyType({}),
        *,
        plural: Plural = one_or_other,
        words: Mapping[str, str] = MappingProxyType({}),
        formats: Formats | None = None,
    ) -> None:
        self._plural, self._words, self._formats = plural, words, formats
        self.own = own
        self._of_plugins = {key: text for key, text in own.items() if _is_of_plugin(key)}
        own_texts = {key: text for key, text in own.items() if key not in self._of_plugins}
        self._texts = _replaced(_ENGLISH, own_texts)

    @property
    def has_own_plural(self) -> bool:
        """Whether it chooses plural forms by another rule than English."""
        return self._plural is not one_or_other

    @property
    def formats(self) -> Formats | None:
        """Writes numbers and dates; None for English."""
        return self._formats

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def extended(self, texts: Mapping[str, Text], unloaded: Collection[str] = ()) -> Catalogue:
        """A catalogue with the English texts of plugins, replaced by the application's.

        Shapes: unloaded are the names of plugins without their texts; the application's for
        them are ignored.
        Raises: ValueError, as the constructor, also for a key of no plugin.
        """
        english = {**self._texts, **{key: _forms(key, text) for key, text in texts.items()}}
        own = {
            key: text for key, text in self._of_plugins.items() if _namespace(key) not in unloaded
        }
        made = Catalogue(plural=self._plural, words=self._words, formats=self.formats)
        made._texts = _replaced(english, own)
        return made

    def text(self, key: str, /, **params: Any) -> str:
        """The text of a key. Raises: KeyError, for an unknown key or a missing parameter."""
        forms = self._texts[key]
        template = forms[OTHER]
        if len(forms) > 1:
            number = next((v for v in params.values() if type(v) is int), 0)
            template = forms.get(self._plural(number), template)
        for name, value in params.items():
            if isinstance(value, Message):
                params[name] = self.render(value)
        return template.fill(params)

    def render(self, value: Any) -> Any:
        """A message in the words of this catalogue, and an own text of the application translated.

        Any other value as it is. A message of a plugin that the catalogue lacks is its English
        text.
        """
        if not isinstance(value, Message):
            return self._words.get(value, value) if self._words and value else value
        if value.key not in self._texts:
            return str(value)
        return self.text(value.key, **value.params)

    def render_all(self, texts: Mapping[str, T]) -> dict[str, T]:
        """The texts by name, each message among them rendered."""
        return {name: self.render(text) for name, text in texts.items()}

    def joined(self, key: str, texts: Iterable[str]) -> str:
        """Texts joined pairwise by a text with the parameters first and second."""
        return self.render(joined(key, texts))  # type: ignore[no-any-return]


class Message(str):
    """A text by key and parameters, which an adapter renders by the application's catalogue.

    As a `str` it is the English text, for developers and logs.

    >>> Message("value.int"), Message("value.at_least", bound=3).key
    ('A whole number, please.', 'value.at_least')
    """

    __slots__ = ("key", "params")
    key: str
    params: Mapping[str, Any]

    def __new__(cls, key: str, /, **params: Any) -> Message:
        return _with_text(cls, ENGLISH.text(key, **params), key, params)

    @classmethod
    def of_plugin(cls, key: str, texts: Mapping[str, Text], /, **params: Any) -> Message:
        """A message with a text of a plugin. Shapes: texts are those of the plugin, by key.

        Raises: KeyError, for an unknown key or a missing parameter.
        """
        text = ENGLISH.extended({key: texts[key]}).text(key, **params)
        return _with_text(cls, text, key, params)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A Message is immutable; {name!r} can't be set.")

    def __reduce__(self) -> tuple[Any, ...]:
        return _with_text, (type(self), str(self), self.key, dict(self.params))


def joined(key: str, texts: Iterable[str]) -> str:
    """Texts joined pairwise by the text of `key`; "" for none."""
    made = ""
    for text in texts:
        made = Message(key, first=made, second=text) if made else text
    return made


def _with_text(cls: type[Message], text: str, key: str, params: dict[str, Any]) -> Message:
    made = str.__new__(cls, text)
    object.__setattr__(made, "key", key)
    object.__setattr__(made, "params", MappingProxyType(params))
    return made


Forms = Mapping[str, Template]


def _replaced(english: Mapping[str, Forms], own: Mapping[str, Text]) -> dict[str, Forms]:
    """The English texts, some of them replaced. Raises: ValueError."""
    return {**english, **{key: _checked(key, text, english) for key, text in own.items()}}


def _namespace(key: str) -> str:
    return key.partition(".")[0]


def _is_of_plugin(key: object) -> bool:
    return isinstance(key, str) and "." in key and _namespace(key) not in _NAMESPACES


def _checked(key: str, text: Text, english: Mapping[str, Forms]) -> dict[str, Template]:
    if key not in english:
        near = get_close_matches(str(key), english, 1, 0)
        raise ValueError(f"No text has the key {key!r}; the nearest is {near[0]!r}.")
    needed = frozenset[str]().union(*(form.names for form in english[key].values()))
    sizes = frozenset[str]().union(*(form.sizes for form in english[key].values()))
    forms = _forms(key, text)
    for name, form in forms.items():
        if unknown := form.names - needed:
            raise ValueError(
                f"The text {key!r} has no parameter {min(unknown)!r}; "
                f"it has {', '.join(sorted(needed)) or 'none'}."
            )
        if wrong := form.sizes - sizes:
            raise ValueError(
                f"The text {key!r} has {{{min(wrong)}:size}}, and its parameter {min(wrong)!r} is "
                "no number of bytes."
            )
        if name == OTHER and (missing := english[key][OTHER].names - form.names):
            raise ValueError(f"The text {key!r} lacks its parameter {{{min(missing)}}}: {text!r}.")
    return forms


def _forms(key: str, text: Text) -> dict[str, Template]:
    forms = {OTHER: text} if isinstance(text, str) else text
    if not isinstance(forms, Mapping) or OTHER not in forms:
        raise ValueError(
            f"The text {key!r} is {text!r}; expected a template, or templates by plural form "
            "with the form 'other'."
        )
    try:
        return {name: Template(form) for name, form in forms.items()}
    except (ValueError, TypeError) as error:
        raise ValueError(f"The text {key!r} is no template: {error}.") from error


_ENGLISH: Mapping[str, Forms] = {key: _forms(key, text) for key, text in TEXTS.items()}
_NAMESPACES = frozenset(map(_namespace, TEXTS))
ENGLISH = Catalogue()
