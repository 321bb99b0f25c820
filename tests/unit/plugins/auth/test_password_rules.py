"""Which new passwords are accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel import create_app
from starmodel.plugins.built_in.auth.passwords.rules import check_new_password
from starmodel.plugins.built_in.auth.passwords.texts import RefusedPasswordError
from starmodel.texts.catalogue import Catalogue

PERSONAL = ("ann.smith@example.org", "Ann Smith")


@pytest.mark.parametrize(
    "text",
    [
        "correct horse", "ein langer Satz", "zw\N{LATIN SMALL LETTER O WITH DIAERESIS}lf Boote!",
        "\N{HIRAGANA LETTER A}\N{HIRAGANA LETTER KA}\N{HIRAGANA LETTER SA}" + "-tegami",
        "tr4cks-and-tr33s", "x" * 9 + "y" * 90, "annoying smithy work",
    ],
)  # fmt: skip
def test_password_without_digits_or_capitals_is_accepted(text: str) -> None:
    assert check_new_password(text, personal=PERSONAL)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("short", "password.short"),
        ("ninechars", "password.short"),
        ("password12", "password.common"),
        ("PassWord 2026!", "password.common"),
        ("qwertyuiop", "password.common"),
        ("1q2w3e4r5t", "password.common"),
        ("letmein2026", "password.common"),
        ("aaaaaaaaaaaa", "password.pattern"),
        ("abcabcabcab", "password.pattern"),
        ("0123456789", "password.pattern"),
        ("9876543210", "password.pattern"),
        ("abcdefghijkl", "password.pattern"),
        ("ann.smith@example.org", "password.personal"),
        ("Ann.Smith1", "password.personal"),
        ("annsmith1984", "password.personal"),
        ("example.org1", "password.personal"),
        ("x" * 1025, "password.long"),
        ("has a \0 inside", "password.unreadable"),
        ("has half a \udc00", "password.unreadable"),
    ],
)
def test_guessable_password_is_refused_with_a_sentence(text: str, key: str) -> None:
    with pytest.raises(RefusedPasswordError) as caught:
        check_new_password(text, personal=PERSONAL)
    assert caught.value.why.key == key
    assert text not in str(caught.value)


def test_sentence_is_one_of_the_catalogue() -> None:
    with pytest.raises(RefusedPasswordError) as caught:
        check_new_password("short")
    german = Catalogue({"password.short": "Mindestens {min_length} Zeichen, bitte."})
    assert german.render(caught.value.why) == "Mindestens 10 Zeichen, bitte."
    create_app([], texts=german, secret_key="k" * 40)


@given(st.text())
def test_any_text_is_accepted_in_one_form_or_refused(text: str) -> None:
    try:
        made = check_new_password(text, personal=PERSONAL)
    except RefusedPasswordError:
        return
    assert len(made) >= 10
    assert check_new_password(made, personal=PERSONAL) == made
