"""E-mail addresses as the names of accounts."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from starmodel.texts.catalogue import Message

MAX_ADDRESS_CHARS = 254
_PART = r"[^\s@,;:<>()\[\]\\\"]"
_ADDRESS = re.compile(rf"{_PART}{{1,64}}@(?!\.){_PART}+(?<!\.)")


def normalised_address(text: str) -> str:
    """The address as accounts are found by it: NFKC, lower case, without spaces around it.

    "" for a text that is no address.

    >>> normalised_address(" Ann@Example.ORG "), normalised_address("ann")
    ('ann@example.org', '')
    """
    if len(text) > 2 * MAX_ADDRESS_CHARS:
        return ""
    made = unicodedata.normalize("NFKC", text.strip()).casefold()
    is_usable = len(made) <= MAX_ADDRESS_CHARS and made.isprintable()
    return made if is_usable and _ADDRESS.fullmatch(made) else ""


def _checked(text: str) -> str:
    made = normalised_address(text)
    if not made:
        raise ValueError(Message("account.address"))
    return made


Address = Annotated[
    str, StringConstraints(max_length=2 * MAX_ADDRESS_CHARS), AfterValidator(_checked)
]
"""An e-mail address, normalised."""
