"""The visitor's session in one signed cookie."""

from __future__ import annotations

import secrets as random
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from starmodel.app.access import Actor
from starmodel.app.scopes import keyed_hash
from starmodel.app.session import Session
from starmodel.core.errors import ConfigurationError

MAX_AGE_S = 30 * 24 * 3600
RENEW_S = 24 * 3600
UNDER_WAY_S = 30
MAX_COOKIE_BYTES = 3800
_CACHED = 10_000


class CookieSessions:
    """Reads and writes sessions; a visitor without a valid cookie gets a new one.

    The cookie is signed, not encrypted: what is put in it can be read by
    its owner. Ids of ended sessions are refused until this process ends.
    """

    def __init__(self, secrets: Sequence[str], *, secure: bool, path: str = "/") -> None:
        self.name = "__Host-starmodel" if secure else "starmodel"
        self._secure, self._path = secure, path
        self._signer = URLSafeSerializer(list(reversed(secrets)), salt="starmodel.session")
        self._key = keyed_hash(secrets[-1], "visitor")  # the oldest, so that rotation loses nobody
        self._cache: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._ended: OrderedDict[str, float] = OrderedDict()
        self._prefix = f"{self.name}=".encode()

    def read(self, header: bytes) -> Session:
        """The session of a Cookie header, or a new one."""
        text = self._value(header)
        data = self._cache.get(text) if text else None
        if data is None and text:
            data = self._load(text)
        ended = None if data is None else self._ended.get(data["i"])
        if data is None or ended is not None or data["t"] + MAX_AGE_S < time.time():
            visitor = random.token_urlsafe(18)
            session = Session(visitor, random.token_urlsafe(18), self._key(visitor))
            # A request that was under way at a sign-in must not replace the newer cookie.
            session.modified = ended is None or ended + UNDER_WAY_S < time.time()
            return session
        actor = Actor(data["a"][0], data["a"][1], frozenset(data["a"][2])) if data["a"] else None
        session = Session(data["v"], data["i"], data["k"], actor, data["d"])
        session.modified = data["t"] + RENEW_S < time.time()
        return session

    def write(self, session: Session, before: str) -> str:
        """The Set-Cookie header of a changed session; `before` is the id it came with."""
        if session.id != before:
            self._ended[before] = time.time()
            if len(self._ended) > _CACHED:
                self._ended.popitem(last=False)
        if not session.visitor:
            session.visitor, session.id = random.token_urlsafe(18), random.token_urlsafe(18)
            session.key = self._key(session.visitor)
        actor = session.actor
        text = str(
            self._signer.dumps(
                {
                    "v": session.visitor,
                    "i": session.id,
                    "a": None if actor is None else [actor.id, actor.name, sorted(actor.roles)],
                    "d": dict(session),
                    "t": int(time.time()),
                }
            )
        )
        if len(text) > MAX_COOKIE_BYTES:
            raise ConfigurationError(
                f"The session holds {len(text)} bytes ({', '.join(session)}); a cookie takes "
                f"{MAX_COOKIE_BYTES}. Keep data in an entity of session scope instead."
            )
        secure = "; Secure" if self._secure else ""
        return (
            f"{self.name}={text}; Path={self._path}; Max-Age={MAX_AGE_S}; "
            f"HttpOnly; SameSite=Lax{secure}"
        )

    def _value(self, header: bytes) -> str:
        for part in map(bytes.strip, header.split(b";")):
            if part.startswith(self._prefix):
                return part[len(self._prefix) :].decode("latin-1")
        return ""

    def _load(self, text: str) -> dict[str, Any] | None:
        try:
            data: dict[str, Any] = self._signer.loads(text)
            data["k"] = self._key(data["v"])
        except (BadSignature, ValueError, KeyError, TypeError):
            return None
        self._cache[text] = data
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return data
