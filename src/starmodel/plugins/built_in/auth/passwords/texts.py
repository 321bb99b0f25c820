"""The bytes of a password, as they are hashed."""

from __future__ import annotations

import unicodedata

from starmodel.core.errors import BindingError
from starmodel.texts.catalogue import Message

MAX_BYTES = 1024


class RefusedPasswordError(BindingError):
    """A password that is not accepted. Shapes: its message never contains the password."""

    def __init__(self, why: Message, *, field: str = "password") -> None:
        super().__init__(why, {field: why})
        self.why = why


def normalised(text: str) -> str:
    """The password in Unicode normalisation form KC, in which keyboards agree (NIST SP 800-63B).

    A password beyond the limit is refused before it is read any further.

    Raises: RefusedPasswordError, for more than 1,024 bytes, for NUL and for lone surrogates.
    """
    if len(text) > MAX_BYTES:
        raise RefusedPasswordError(Message("password.long", max_bytes=MAX_BYTES))
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise RefusedPasswordError(Message("password.unreadable"))
    made = unicodedata.normalize("NFKC", text)
    if max(len(made.encode()), len(text.encode())) > MAX_BYTES:
        raise RefusedPasswordError(Message("password.long", max_bytes=MAX_BYTES))
    return made
