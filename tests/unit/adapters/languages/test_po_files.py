"""Files of translations, and the templates that they follow."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from starmodel import ConfigurationError
from starmodel.adapters.languages.po_files import read_translations
from starmodel.adapters.languages.templates import (
    Word,
    findings,
    merged,
    texts_template,
    words_template,
    write_catalog,
)

POLISH = r"""
msgid ""
msgstr ""
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) "
"? 1 : 2);\n"

msgid "Order"
msgstr "Zamówienie"

#, fuzzy
msgid "Orders"
msgstr "Zamówienie?"

msgid "Note"
msgstr ""

msgctxt "shown.keys"
msgid "{count} key"
msgid_plural "{count} keys"
msgstr[0] "{count} klucz"
msgstr[1] "{count} klucze"
msgstr[2] "{count} kluczy"
"""


def po(folder: Path, text: str, domain: str = "starmodel", language: str = "pl") -> Path:
    path = folder / language / "LC_MESSAGES" / f"{domain}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".po", ".mo"])
def test_translations_are_read_without_fuzzy_and_empty_ones(tmp_path: Path, suffix: str) -> None:
    path = po(tmp_path, POLISH)
    if suffix == ".mo":
        with path.open("rb") as file, path.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_po(file))
        path.unlink()

    found = read_translations(tmp_path, "pl", "starmodel")

    assert found is not None
    assert found.plural is not None
    assert found.words == {"Order": "Zamówienie"}
    assert found.texts == {
        "shown.keys": {"0": "{count} klucz", "1": "{count} klucze", "other": "{count} kluczy"}
    }
    assert [found.plural(n) for n in (1, 2, 5, 12, 22)] == ["0", "1", "other", "other", "1"]


def test_missing_file_is_none_and_a_broken_one_is_named(tmp_path: Path) -> None:
    assert read_translations(tmp_path, "pl", "starmodel") is None
    po(tmp_path, 'msgid "a"\nthis is no translation\n')
    with pytest.raises(ConfigurationError, match=r"starmodel\.po is no file of translations"):
        read_translations(tmp_path, "pl", "starmodel")


def test_template_updates_a_file_and_marks_changed_sources(tmp_path: Path) -> None:
    path = tmp_path / "starmodel.po"
    before = texts_template({"a.one": "One", "a.two": "Two"}, "Shop")
    write_catalog(path, merged(path, before, "de"))
    path.write_text(path.read_text().replace('"One"\nmsgstr ""', '"One"\nmsgstr "Eins"'))
    path.write_text(path.read_text().replace('"Two"\nmsgstr ""', '"Two"\nmsgstr "Zwei"'))
    after = texts_template({"a.one": "One", "a.two": "Two!", "a.three": "Three"}, "Shop")

    write_catalog(path, merged(path, after, "de"))

    text = path.read_text()
    assert "Eins" in text
    assert "#, fuzzy" in text
    assert [(f.name, f.problem) for f in findings(path, after)] == [
        ("a.two", "has another source text than its translation"),
        ("a.three", "has no translation"),
    ]
    assert "POT-Creation-Date" not in text


def test_wrong_placeholders_are_found(tmp_path: Path) -> None:
    template = words_template(
        [Word("Hello {name}", "shop:1"), Word("Bye {name}", "shop:2")], "Shop"
    )
    path = tmp_path / "messages.po"
    path.write_text(
        'msgid "Hello {name}"\nmsgstr "Hallo {nam}"\n\nmsgid "Bye {name}"\nmsgstr "Bis bald"\n'
    )

    assert [f.problem for f in findings(path, template)] == [
        "has {nam}, which its source has not",
        "lacks {name}",
        "lacks {name}",
    ]
