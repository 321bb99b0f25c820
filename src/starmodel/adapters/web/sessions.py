"""The visitor's session in one signed cookie."""

from __future__ import annotations

import re
import secrets as random
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer

from starmodel.app.access import Actor
from starmodel.app.scopes import keyed_hash
from starmodel.app.session import Session
from starmodel.core.bounded_cache import BoundedCache
from starmodel.core.errors import ConfigurationError

MAX_AGE_S = 30 * 24 * 3600
RENEW_S = 24 * 3600
UNDER_WAY_S = 30
MAX_COOKIE_BYTES = 3800
_CACHED = 10_000
_KNOWN_BYTES = 4 * 1024 * 1024


class _Kept(NamedTuple):
    """What a valid cookie says. Units: at is when it was written, in seconds since the epoch."""

    visitor: str
    id: str
    key: str
    actor: Actor | None
    data: dict[str, Any]
    at: float


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
        self._known: BoundedCache[bytes, _Kept] = BoundedCache(_KNOWN_BYTES)
        self._ended: OrderedDict[str, float] = OrderedDict()
        self._cookie = re.compile(rb"(?:^|;)\s*%s=([^;]*)" % re.escape(self.name.encode()))

    def read(self, header: bytes) -> Session:
        """The session of a Cookie header, or a new one."""
        found = self._cookie.search(header)
        kept = None if found is None else self._known.get(found[1]) or self._load(found[1])
        if kept is None:
            return self._new()
        now, ended = time.time(), self._ended.get(kept.id)
        if ended is not None or kept.at + MAX_AGE_S < now:
            session = self._new()
            # A request that was under way at a sign-in must not replace the newer cookie.
            session.modified = ended is None or ended + UNDER_WAY_S < now
            return session
        session = Session(kept.visitor, kept.id, kept.key, kept.actor, kept.data)
        session.modified = kept.at + RENEW_S < now
        return session

    def _new(self) -> Session:
        visitor = random.token_urlsafe(18)
        session = Session(visitor, random.token_urlsafe(18), self._key(visitor))
        session.modified = True
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
        text = self.text(session)
        secure = "; Secure" if self._secure else ""
        return (
            f"{self.name}={text}; Path={self._path}; Max-Age={MAX_AGE_S}; "
            f"HttpOnly; SameSite=Lax{secure}"
        )

    def text(self, session: Session) -> str:
        """The signed value of the cookie. Raises: ConfigurationError, for what no cookie takes."""
        actor = session.actor
        data = {
            "v": session.visitor,
            "i": session.id,
            "a": None if actor is None else [actor.id, actor.name, sorted(actor.roles)],
            "d": dict(session),
            "t": int(time.time()),
        }
        try:
            text = str(self._signer.dumps(data))
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"The session holds {', '.join(session)}, not all of which is JSON data: {error}."
            ) from error
        if len(text) > MAX_COOKIE_BYTES:
            raise ConfigurationError(
                f"The session holds {len(text)} bytes ({', '.join(session)}); a cookie takes "
                f"{MAX_COOKIE_BYTES}. Keep data in an entity of session scope instead."
            )
        return text

    def _load(self, value: bytes) -> _Kept | None:
        """What the cookie says, which is remembered; None for one that is not ours."""
        if len(value) > MAX_COOKIE_BYTES:
            return None
        try:
            data: dict[str, Any] = self._signer.loads(value.strip())
            visitor, who = data["v"], data["a"]
            actor = Actor(who[0], who[1], frozenset(who[2])) if who else None
            kept = _Kept(visitor, data["i"], self._key(visitor), actor, data["d"], data["t"])
        except (BadSignature, ValueError, KeyError, TypeError):
            return None
        # As objects the data takes a few times the text that it was made from.
        return self._known.put(value, kept, 1000 + 8 * len(value))
