"""The languages of an application."""

from __future__ import annotations

import pytest

from starmodel.adapters.web.http.negotiation import language_weights
from starmodel.app.presentation.languages import Languages
from starmodel.texts.catalogue import ENGLISH
from starmodel.texts.language import Language


def languages(*codes: str) -> Languages:
    return Languages(Language(code, ENGLISH) for code in codes)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-at;q=0.5, fr", "de"),
        ("en;q=0.4, de;q=0.8", "de"),
        ("de;q=0, en;q=0.1", "en"),
        ("pt", "pt-BR"),
        ("pt-PT, en;q=0.9", "pt-BR"),
        ("fr, *;q=0.1", "en"),
        ("*, en;q=0", "de"),
        ("fr", None),
        ("de;q=nonsense, en;q=0.3", "en"),
        ("x" * 5000, None),
    ],
)
def test_accept_language_is_negotiated_by_q_values(header: str, expected: str | None) -> None:
    found = languages("en", "de", "pt-BR").preferred(language_weights(header.encode()))

    assert (None if found is None else found.code) == expected


def test_direction_is_that_of_the_script() -> None:
    made = [Language(code, ENGLISH) for code in ("ar", "he-IL", "fa", "de", "uz-Arab")]

    assert [each.direction for each in made] == ["rtl", "rtl", "rtl", "ltr", "rtl"]
