"""The translations that StarModel ships."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from starmodel.adapters.languages.po_files import read_translations
from starmodel.adapters.languages.templates import (
    Word,
    findings,
    merged,
    texts_template,
    words_template,
    write_catalog,
)
from starmodel.bootstrap.languages import SHIPPED
from starmodel.plugins.built_in.mail.texts import TEXTS as MAIL
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.english import TEXTS

ROOT = Path(__file__).parents[3]
LANGUAGES = sorted(path.name for path in SHIPPED.glob("*/"))
EVERY = {**TEXTS, **{f"mail.{key}": text for key, text in MAIL.items()}}


def test_german_is_shipped() -> None:
    assert LANGUAGES == ["de"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_translation_is_complete(language: str) -> None:
    path = SHIPPED / language / "LC_MESSAGES" / "starmodel.po"

    assert findings(path, texts_template(EVERY, "StarModel")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translation_makes_a_catalogue(language: str) -> None:
    read = read_translations(SHIPPED, language, "starmodel")

    assert read is not None
    assert read.plural is not None
    own = {key: text for key, text in read.texts.items() if key in TEXTS}
    assert Catalogue(own, plural=read.plural).text("event.save") == "Speichern"


def test_template_and_files_follow_the_texts() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "translations.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, cwd=ROOT, check=False)

    assert done.returncode == 0, done.stderr


SENTENCE = re.compile(r"""(["'`])[A-Z][a-z]+[ '][a-z](?:(?!\1).)*\1""")
DEVELOPERS = ("console.", "//")


def test_modules_of_the_browser_have_no_sentences_of_their_own() -> None:
    """They display what the page has from the catalogue; see `frontend/src/base/texts.js`."""
    found = [
        f"{path.name}:{number}: {line.strip()[:90]}"
        for path in sorted((ROOT / "frontend" / "src").glob("**/*.js"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SENTENCE.search(re.sub(r"\s//.*", "", line))
        and not any(d in line for d in DEVELOPERS)
        and "compiler" not in path.parts
    ]

    assert found == []


def test_translation_added_by_hand_stays(tmp_path: Path) -> None:
    path, template = tmp_path / "messages.po", words_template([Word("Order", "Order")], "Shop")
    written = merged(path, template, "de")
    written.add("Not found by the command", "Von Hand")
    write_catalog(path, written)

    again = merged(path, template, "de")

    assert again.get("Not found by the command").string == "Von Hand"
    assert again.get("Order") is not None
