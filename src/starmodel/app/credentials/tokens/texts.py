"""The text of a bearer token, which secret scanners and typing errors are recognised by."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "sm_"
RANDOM_CHARS, CHECKSUM_CHARS = 32, 6
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TOKEN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_CHARS + CHECKSUM_CHARS}}}")


def new_token() -> str:
    """A token of 41 characters: a prefix, 190 random bits, and a checksum."""
    text = "".join(secrets.choice(_BASE62) for _ in range(RANDOM_CHARS))
    return f"{PREFIX}{text}{_checksum(text)}"


def is_token(text: str) -> bool:
    """Whether the text has the form and the checksum of a token; no store is read."""
    if not _TOKEN.fullmatch(text):
        return False
    random = text[len(PREFIX) : -CHECKSUM_CHARS]
    return text[-CHECKSUM_CHARS:] == _checksum(random)


def token_hash(text: str) -> str:
    """The hash under which a token is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(text: str) -> str:
    number, made = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_CHARS):
        number, digit = divmod(number, len(_BASE62))
        made = _BASE62[digit] + made
    return made
