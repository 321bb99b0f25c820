"""A language of an application: its catalogue, and the application's own words in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starmodel.texts.catalogue import Catalogue

RTL = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, eq=False)
class Language:
    """One language of an application.

    Shapes: code is as in `lang` attributes, "de" or "pt-BR"; words are the application's own
    texts by their source text; name is that of the language in itself.
    """

    code: str
    catalogue: Catalogue
    words: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = ""

    @property
    def direction(self) -> str:
        """The `dir` of pages: "rtl" for Arabic, Hebrew, Persian and others, else "ltr"."""
        subtags = self.code.lower().replace("_", "-").split("-")
        return "rtl" if subtags[0] in RTL or "arab" in subtags or "hebr" in subtags else "ltr"
