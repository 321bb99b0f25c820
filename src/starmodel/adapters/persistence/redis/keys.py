"""The keys of records, indexes, markers and locks, below one prefix."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any
from urllib.parse import quote

MAX_ID_BYTES = 512
_SAFE = "-_.~@+=,!$&'()*"
_HASH_TAG = re.compile(r"\{[^}]+\}")


class Keys:
    """Keys below a prefix: "starmodel:Cart:42", and names with "#" for everything else.

    Neither an id nor the name of a class can have a "#" or ":" in a key, so keys of
    records never equal other keys.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.has_hash_tag = _HASH_TAG.search(prefix) is not None

    def record(self, name: str, id: str) -> str:
        """The key of a record. Shapes: id is the `id_text` of its id."""
        return f"{self.prefix}:{name}:{quote(id, safe=_SAFE)}"

    def index(self, name: str) -> str:
        """The sorted set with the index entries of a class."""
        return f"{self.prefix}:{name}#index"

    def expiry(self, name: str) -> str:
        """The sorted set of the ids of a class by the time at which they expire."""
        return f"{self.prefix}:{name}#expiry"

    def sequence(self, name: str) -> str:
        """The highest integer id of a class."""
        return f"{self.prefix}:{name}#sequence"

    def schema(self, name: str) -> str:
        """The hash with the state of the indexes of a class."""
        return f"{self.prefix}:{name}#schema"

    def marker(self, key: str) -> str:
        """The key of an idempotency marker; a hash, so that no text of a request is part of it."""
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20)
        return f"{self.prefix}:#marker:{digest.hexdigest()}"

    def lock(self, name: str, id: str) -> str:
        """The lock of a record."""
        return f"{self.prefix}:#lock:{name}:{quote(id, safe=_SAFE)}"


def id_text(id: Any) -> str:
    """The id as text. Raises: ValueError, for an id that no key can have.

    >>> id_text(42), id_text(uuid.UUID(int=1))
    ('42', '00000000-0000-0000-0000-000000000001')
    """
    if not isinstance(id, str | int | uuid.UUID) or isinstance(id, bool):
        raise ValueError(f"is {type(id).__name__}, expected str, int or UUID")
    text = str(id)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
        raise ValueError(f"is longer than {MAX_ID_BYTES} bytes, the limit of an id in Redis")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half a surrogate pair, which is not text") from error
    return text
