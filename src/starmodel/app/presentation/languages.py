"""The languages of an application, and the catalogue of the current visitor's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from starmodel.core.translations import current_language
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.formats import Formats
from starmodel.texts.language import Language


class Languages:
    """The languages of one application; the first is that of visitors who want none of them."""

    def __init__(self, languages: Iterable[Language]) -> None:
        self._by_tag = {language.code.lower(): language for language in languages}
        self.default = next(iter(self._by_tag.values()))

    def __iter__(self) -> Iterator[Language]:
        return iter(self._by_tag.values())

    def __len__(self) -> int:
        return len(self._by_tag)

    def find(self, tag: str) -> Language | None:
        """The language of a tag such as "de"; None for another one."""
        return self._by_tag.get(tag.lower())

    def preferred(self, weights: Mapping[str, float]) -> Language | None:
        """The language that a visitor likes best; None when they accept none of these.

        By the q-value of the most specific range that matches (RFC 4647, lookup in both
        directions: "de-AT" is served by "de", and "pt" by "pt-BR"); the earlier of two equals.

        Shapes: weights has q-values by language range, in lower case.
        """
        best, best_weight = None, 0.0
        for tag, language in self._by_tag.items():
            weight = _weight(tag, weights)
            if weight > best_weight:
                best, best_weight = language, weight
        return best

    @property
    def current(self) -> Language:
        """The language of the current request, else the first."""
        language = current_language()
        is_own = language is not None and self.find(language.code) is language
        return language if language is not None and is_own else self.default


def _weight(tag: str, weights: Mapping[str, float]) -> float:
    parts = tag.split("-")
    for length in range(len(parts), 0, -1):
        weight = weights.get("-".join(parts[:length]))
        if weight is not None:
            return weight
    inside = [weight for name, weight in weights.items() if name.startswith(f"{parts[0]}-")]
    return max(inside) if inside else weights.get("*", 0.0)


class VisitorTexts(Catalogue):
    """The texts in the language of the current request."""

    __slots__ = ("_languages",)

    def __init__(self, languages: Languages) -> None:
        super().__init__()
        self._languages = languages

    @property
    def formats(self) -> Formats | None:
        return self._languages.current.catalogue.formats

    def __contains__(self, key: object) -> bool:
        return key in self._languages.default.catalogue

    def text(self, key: str, /, **params: Any) -> str:
        return self._languages.current.catalogue.text(key, **params)

    def render(self, value: Any) -> Any:
        return self._languages.current.catalogue.render(value)


class VisitorUI:
    """The UI adapter in the language of the current request; each language has its own.

    Shapes: adapters are by the code of their language.
    """

    def __init__(self, languages: Languages, adapters: Mapping[str, Any]) -> None:
        self._languages, self._adapters = languages, dict(adapters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapters[self._languages.current.code], name)
