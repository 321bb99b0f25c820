"""A signed cookie that identifies a browser which has signed in as an account before."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

MAX_ACCOUNTS = 8
MAX_AGE_S = 400 * 24 * 3600
_COOKIE = re.compile(r"([A-Za-z0-9_-]{22})((?:\.[0-9a-f]{32}){1,8})")


class KnownBrowsers:
    """Issues and verifies the cookie: an id of the browser, and one MAC for each account.

    The cookie signs nobody in, and contains no account. Its newest eight accounts are kept.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find(self, cookie: str, account: str) -> str | None:
        """The id of a browser that has signed in as the account, else None."""
        found = _COOKIE.fullmatch(cookie)
        if found is None:
            return None
        id, expected = found[1], self._mac(found[1], account)
        matches = [hmac.compare_digest(mac, expected) for mac in found[2].split(".")[1:]]
        return id if any(matches) else None

    def remember(self, cookie: str, account: str) -> str:
        """The cookie of a browser that has now signed in as the account."""
        found = _COOKIE.fullmatch(cookie)
        id = found[1] if found is not None else secrets.token_urlsafe(16)
        known = found[2].split(".")[1:] if found is not None else []
        mac = self._mac(id, account)
        return ".".join([id, mac, *(each for each in known if each != mac)][: MAX_ACCOUNTS + 1])

    def _mac(self, id: str, account: str) -> str:
        text = f"{id} {account}".encode("utf-8", "backslashreplace")
        return hmac.digest(self._key, text, hashlib.sha256).hex()[:32]
