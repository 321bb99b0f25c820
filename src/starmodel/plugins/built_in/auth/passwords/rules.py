"""Validation of new passwords by length and a block list, as NIST SP 800-63B recommends.

Digits, capitals and symbols are not required.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from starmodel.plugins.built_in.auth.passwords.common import COMMON
from starmodel.plugins.built_in.auth.passwords.texts import RefusedPasswordError, normalised
from starmodel.texts.catalogue import Message

MIN_CHARS = 10
MIN_PERSONAL_CHARS = 4
MAX_PERIOD = 4


def check_new_password(text: str, *, personal: Iterable[str] = ()) -> str:
    """The normalised password, if it is accepted.

    Shapes: personal are the address and the name of the account, and other texts that are
    guessed first for it.
    Raises: RefusedPasswordError.
    """
    made = normalised(text)
    if len(made) < MIN_CHARS:
        raise RefusedPasswordError(Message("password.short", min_length=MIN_CHARS))
    plain = "".join(made.casefold().split())
    if plain in COMMON or plain.rstrip("0123456789!.?-_") in COMMON:
        raise RefusedPasswordError(Message("password.common"))
    if _repeats(plain) or _counts(plain):
        raise RefusedPasswordError(Message("password.pattern"))
    if any(_is_personal(plain, "".join(word.casefold().split())) for word in personal):
        raise RefusedPasswordError(Message("password.personal"))
    return made


def _repeats(text: str) -> bool:
    """Whether it repeats up to four characters, as in "abcabcabcabc"."""
    return any(
        text == (text[:period] * len(text))[: len(text)] for period in range(1, MAX_PERIOD + 1)
    )


def _counts(text: str) -> bool:
    """Whether each character follows the one before, up or down, as in "23456789" and "9876"."""
    steps = {ord(second) - ord(first) for first, second in pairwise(text)}
    return steps in ({1}, {-1}, {1, -9}, {-1, 9})  # 90 and 09 count on too


def _is_personal(plain: str, word: str) -> bool:
    """Whether the password is the word, a part of an address, or one of them and a few digits."""
    parts = {word, *word.split("@"), word.replace("@", "").replace(".", "")}
    stems = {plain, plain.rstrip("0123456789!.?-_")}
    return any(part in stems for part in parts if len(part) >= MIN_PERSONAL_CHARS)
