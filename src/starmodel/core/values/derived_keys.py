"""Keys for single purposes, derived from the secret key of an application."""

from __future__ import annotations

import hashlib
import hmac


def derived_key(secret: str, purpose: str) -> bytes:
    """A key for one purpose.

    >>> derived_key("secret", "links") == derived_key("secret", "other links")
    False
    """
    return hmac.digest(secret.encode(), f"starmodel:{purpose}".encode(), hashlib.sha256)
