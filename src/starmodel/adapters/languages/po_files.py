"""Reads translations from the `.po` and `.mo` files of gettext."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starmodel.core.errors import ConfigurationError
from starmodel.texts.catalogue import OTHER

MAX_FILE_BYTES = 16_000_000
Plural = Callable[[int], str]


@dataclass(frozen=True)
class Translations:
    """What one file of translations has.

    Shapes: texts are those with a context, which is their key; words are those without, by their
    source text. A text with plural forms is {form: text} with the form "other"; plural names the
    form for a number, None for a file without translations in plural forms.
    """

    texts: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    plural: Plural | None = None


def read_translations(folder: Path, language: str, domain: str) -> Translations | None:
    """The translations in `folder/LANGUAGE/LC_MESSAGES/DOMAIN.po`, or `.mo`; None without a file.

    Messages without a translation, and those marked as fuzzy, are left out.

    Raises: ConfigurationError, for a file that can't be read.
    """
    stem = folder / language.replace("-", "_") / "LC_MESSAGES" / domain
    for path in (stem.with_suffix(".po"), stem.with_suffix(".mo")):
        if path.is_file():
            return _read(path)
    return None


def _read(path: Path) -> Translations:
    from babel.messages import mofile, pofile

    if path.stat().st_size > MAX_FILE_BYTES:
        raise ConfigurationError(f"{path} is larger than {MAX_FILE_BYTES} bytes.")
    try:
        with path.open("rb") as file:
            if path.suffix == ".mo":
                catalog = mofile.read_mo(file)
            else:
                catalog = pofile.read_po(file, abort_invalid=True)
        plural = _plural(catalog.plural_expr, catalog.num_plurals)
    except Exception as error:  # Babel and gettext have several types
        raise ConfigurationError(
            f"{path} is no file of translations: {error}. Expected the format of gettext; "
            "`starmodel texts extract` writes it."
        ) from error
    texts: dict[str, str | Mapping[str, str]] = {}
    words: dict[str, str] = {}
    for message in catalog:
        if not message.id or message.fuzzy:
            continue
        string = message.string or ""
        forms = [string] if isinstance(string, str) else list(string)
        if not all(forms):
            continue
        if message.context is None:
            source = message.id if isinstance(message.id, str) else message.id[0]
            words[source] = forms[0]
        else:
            texts[message.context] = forms[0] if len(forms) == 1 else _named(forms)
    return Translations(texts, words, plural)


def _named(forms: Any) -> dict[str, str]:
    """The forms by their number, the last one as "other"."""
    return {**{str(number): form for number, form in enumerate(forms[:-1])}, OTHER: forms[-1]}


def _plural(expression: str, count: int) -> Plural:
    number_of = gettext.c2py(expression)
    return lambda number: OTHER if (form := number_of(abs(number))) >= count - 1 else str(form)
