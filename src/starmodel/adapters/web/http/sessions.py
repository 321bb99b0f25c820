"""Signed session cookies; after sign-in a cookie contains a server-side session's id."""

from __future__ import annotations

import re
import secrets as random
from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer

from starmodel.adapters.web.http.clients import UNKNOWN, Client
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.app.credentials.tokens.texts import PREFIX
from starmodel.app.credentials.tokens.tokens import Tokens
from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.sessions import SessionRecord
from starmodel.app.sessions.cache import SessionCache
from starmodel.app.sessions.scopes import keyed_hash
from starmodel.app.sessions.session import DEVELOPMENT, Session, record_id
from starmodel.core.errors import ConfigurationError, InvalidTokenError

MAX_AGE_S = 30 * 24 * 3600
RENEW_S = 24 * 3600
UNDER_WAY_S = 30
MAX_COOKIE_BYTES = 3800
MAX_CACHED_BYTES = 8_000_000
MAX_NAMES = 64
MAX_HOST_BYTES = 255
_OVERHEAD_BYTES = 1_000
_LABEL = re.compile(r"[a-z]{1,32}")
_FURTHER = re.compile(r"[A-Za-z0-9._~-]{0,1000}")


class _Signed(NamedTuple):
    """The payload of a valid cookie.

    Shapes: id is the session id, "" for an anonymous visitor; stored_id is its hash, the key of
    the stored session.
    Units: at is the time of signing, in seconds since the epoch.
    """

    visitor: str
    id: str
    key: str
    data: dict[str, Any]
    at: float
    stored_id: str


class CookieSessions:
    """The sessions of one application, in signed cookies.

    The cookie is signed, not encrypted: its owner can read the values of
    `session["…"]`. An anonymous session exists only in its cookie. Sign-in
    creates a server-side session: actor, roles and provider are stored there,
    under a hash of the session id in the cookie.

    The name of the cookie depends on the key, the port and the mount path,
    because browsers send cookies to every port and path of a host.

    Shapes: port is that of the public URL, "" for the default port; None
    reads it from the Host header.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        cache: SessionCache,
        *,
        secure: bool,
        development: bool,
        port: str | None = None,
        clock: Clock = system_clock,
        tokens: Tokens | None = None,
    ) -> None:
        self._tokens = tokens
        self._cache, self._clock, self._port = cache, clock, port
        self._development = development
        self._prefix, self._secure = ("__Host-" if secure else ""), secure
        self._signer = URLSafeSerializer(list(reversed(secrets)), salt="starmodel.session.v2")
        # The oldest key, so that key rotation ends no session.
        self._key, self._suffix = (
            keyed_hash(secrets[-1], "visitor"), keyed_hash(secrets[-1], "cookie name")
        )  # fmt: skip
        self._cookies: dict[tuple[bytes, str], SessionCookie] = {}  # by port and root path
        self._hosts: dict[tuple[bytes, str], SessionCookie] = {}  # by Host header and root path
        self._known: OrderedDict[bytes, _Signed] = OrderedDict()
        self._known_bytes = 0

    def cookie(self, host: bytes, root_path: str) -> SessionCookie:
        """The session cookie of requests with this Host header and mount path."""
        found = self._hosts.get((host, root_path))
        if found is None:
            found = self._cookie_at(_port_of(host) if self._port is None else b"", root_path)
            if len(self._hosts) < MAX_NAMES and len(host) <= MAX_HOST_BYTES:
                self._hosts[host, root_path] = found
        return found

    def _cookie_at(self, port: bytes, root_path: str) -> SessionCookie:
        found = self._cookies.get((port, root_path))
        if found is None:
            place = f"{port.decode() if self._port is None else self._port} {root_path}"
            name = f"{self._prefix}starmodel-{self._suffix(place)[:8]}"
            found = SessionCookie(self, name, secure=self._secure)
            if len(self._cookies) < MAX_NAMES:
                self._cookies[port, root_path] = found
        return found

    def new(self) -> Session:
        """A session for a new visitor."""
        visitor = random.token_urlsafe(18)
        session = Session(visitor, visitor, self._key(visitor))
        session.modified = session.is_new = True
        return session

    def of_request(self, request: HttpRequest, cookie: SessionCookie) -> Awaitable[Session]:
        """The request's session: that of its bearer token, else that of its cookie.

        A request with a bearer token never uses the cookie. A token of another issuer, which the
        application verifies itself, gets a new session.

        Raises: InvalidTokenError, StoreUnavailableError.
        """
        if request.is_bearer:
            return self._of_bearer(request.header(b"authorization")[7:].strip())
        return cookie.read(request.headers.get(b"cookie", b""))

    async def _of_bearer(self, token: str) -> Session:
        """The session of a token; no session store is queried."""
        if self._tokens is None or not token.startswith(PREFIX):
            return self.new()
        session = await self._tokens.session_of(token)
        if session is None:
            raise InvalidTokenError
        return session

    def cached(self, cookie: SessionCookie, header: bytes) -> Session | None:
        """The session of a Cookie header that needs no signature check and no session store.

        None when `SessionCookie.read` has to run.
        """
        found = cookie.pattern.search(header)
        signed = None if found is None else self._known.get(found[1])
        if signed is None:
            return None
        visitor, id, key, data, at, stored_id = signed
        now = self._clock()
        if at + RENEW_S < now:
            return None
        if not id:
            anonymous = self._cache.is_anonymous(key)
            return Session(visitor, visitor, key, None, data) if anonymous else None
        record = self._cache.current(stored_id)
        if record is None or record.visitor != key or not self._accepts(record):
            return None
        return _of_record(record, visitor, id, data)

    async def session_of(self, value: bytes | None) -> Session:
        """The session of a cookie value, or a new one. Raises: StoreUnavailableError."""
        signed = None if value is None else self._known.get(value) or self._load(value)
        if signed is None:
            return self.new()
        now = self._clock()
        if signed.at + MAX_AGE_S < now:
            return self.new()
        visitor, id, key, data, at, stored_id = signed
        if not id:
            record = await self._cache.latest(key)
            if record is not None:
                return self._instead(record.created_at)
            session = Session(visitor, visitor, key, None, data)
        else:
            record = await self._cache.find(stored_id)
            if record is None or record.visitor != key or not self._accepts(record):
                return self.new()
            if record.ended_at is not None:
                return self._instead(record.ended_at)
            session = _of_record(record, visitor, id, data)
        session.modified = at + RENEW_S < now
        return session

    def is_current(self, session: Session) -> bool:
        """False when another request ended this session, as far as the cache has it."""
        stored = session.stored_identity
        if session.is_new:
            return True
        if stored.id == stored.visitor:
            return not self._cache.is_superseded(stored.key)
        return not self._cache.is_ended(record_id(stored.id))

    async def save(self, session: Session, client: Client = UNKNOWN) -> str:
        """Store a sign-in or sign-out, and return the new cookie value.

        Raises: StoreUnavailableError; ConfigurationError, for data beyond a cookie's size.
        """
        if session.is_rotated and session.is_developer and not self._development:
            raise ConfigurationError(
                "session.sign_in() got provider='development', which is valid in development only."
            )
        if not session.visitor:
            self._renew_visitor(session)
        now = self._clock()
        value = self._value(session, now)
        if session.is_rotated:
            stored, records = session.stored_identity, []
            if session.actor is not None:
                session.signed_in_at = session.signed_in_at or now
                session.confirmed_at = now
                records.append(_started(session, now, client))
            if not session.is_new and stored.key != session.key and stored.id == stored.visitor:
                # An anonymous session has no stored record that could be ended.
                left = record_id(f"visitor {stored.key}")
                records.append(SessionRecord(left, stored.key, None, "", now, now, now))
            if records or not session.is_new:
                await self._cache.replace(stored.key, records)
        return value

    def check(self, session: Session) -> None:
        """Raises: ConfigurationError, for data beyond a cookie's size."""
        self._value(session, self._clock())

    def _renew_visitor(self, session: Session) -> None:
        session.visitor = random.token_urlsafe(18)
        session.key = self._key(session.visitor)
        if session.actor is None:
            session.id = session.visitor

    def _value(self, session: Session, now: float) -> str:
        id = "" if session.id == session.visitor else session.id
        content = {"v": session.visitor, "i": id, "d": dict(session), "t": int(now)}
        try:
            value = str(self._signer.dumps(content))
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"The session holds {', '.join(session)}, not all of which is JSON data: {error}."
            ) from error
        if len(value) > MAX_COOKIE_BYTES:
            raise ConfigurationError(
                f"The session holds {len(value)} bytes ({', '.join(session)}); a cookie takes "
                f"{MAX_COOKIE_BYTES}. Keep data in an entity of session scope instead."
            )
        return value

    def _instead(self, ended_at: float) -> Session:
        """A new session that replaces an ended one."""
        session = self.new()
        # A request in flight during a sign-in must not replace the newer cookie.
        session.modified = ended_at + UNDER_WAY_S < self._clock()
        return session

    def _accepts(self, record: SessionRecord) -> bool:
        return record.provider != DEVELOPMENT or self._development

    def _load(self, value: bytes) -> _Signed | None:
        """The verified payload of a cookie, cached; None for an invalid one."""
        if len(value) > MAX_COOKIE_BYTES:
            return None
        try:
            content: dict[str, Any] = self._signer.loads(value.strip())
            visitor = content["v"]
            id = content["i"]
            signed = _Signed(
                visitor, id, self._key(visitor), content["d"], content["t"],
                record_id(id) if id else "",
            )  # fmt: skip
        except (BadSignature, ValueError, KeyError, TypeError):
            return None
        self._known[value] = signed
        self._known_bytes += _weight(value)
        while self._known_bytes > MAX_CACHED_BYTES:
            self._known_bytes -= _weight(self._known.popitem(last=False)[0])
        return signed


class SessionCookie:
    """The session cookie for one port and mount path of the application."""

    def __init__(self, sessions: CookieSessions, name: str, *, secure: bool) -> None:
        self.name, self._sessions, self._secure = name, sessions, secure
        self.pattern = re.compile(rb"(?:^|;)\s*%s=([^;]*)" % re.escape(name.encode()))

    def read(self, header: bytes) -> Awaitable[Session]:
        """The session of a Cookie header, or a new one. Raises: StoreUnavailableError."""
        found = self.pattern.search(header)
        return self._sessions.session_of(None if found is None else found[1])

    def check(self, session: Session) -> None:
        """Raises: ConfigurationError, for data beyond a cookie's size."""
        self._sessions.check(session)

    async def save(self, session: Session, client: Client = UNKNOWN) -> str | None:
        """Store a changed session, and return the Set-Cookie header.

        None for a session that ended during the request: another response
        sets the newer cookie.
        Raises: StoreUnavailableError; ConfigurationError, for data beyond a cookie's size.
        """
        if not session.is_rotated and not self._sessions.is_current(session):
            return None
        value = await self._sessions.save(session, client)
        secure = "; Secure" if self._secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Lax{secure}"

    def further(self, label: str, value: str, max_age_s: int) -> str:
        """The Set-Cookie header of a further cookie. Raises: ConfigurationError."""
        if not _LABEL.fullmatch(label) or not _FURTHER.fullmatch(value):
            raise ConfigurationError(
                f"The cookie {label[:40]!r} has a value of {len(value)} characters; expected a "
                "label of at most 32 lower-case letters, and at most 1,000 letters, digits, '.', "
                "'_', '~' and '-'."
            )
        secure = "; Secure" if self._secure else ""
        return (
            f"{self.name}-{label}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; "
            f"SameSite=Lax{secure}"
        )

    def read_further(self, label: str, header: bytes) -> str:
        """The value of a further cookie in a Cookie header, "" without a valid one."""
        name = f"{self.name}-{label}".encode()
        for part in header.split(b";"):
            found, _, value = part.strip().partition(b"=")
            if found == name and _FURTHER.fullmatch(text := value.decode("latin-1")):
                return text
        return ""


def _started(session: Session, now: float, client: Client) -> SessionRecord:
    return SessionRecord(
        session.record_id, session.key, session.actor, session.provider, session.signed_in_at, now,
        device=client.device, address=client.address, confirmed_at=session.confirmed_at,
    )  # fmt: skip


def _port_of(host: bytes) -> bytes:
    port = host.rpartition(b":")[2] if b":" in host else b""
    return port if port.isdigit() and len(port) <= 5 else b""


def _of_record(record: SessionRecord, visitor: str, id: str, data: dict[str, Any]) -> Session:
    return Session(
        visitor, id, record.visitor, record.actor, data, record.provider, record.created_at,
        record.confirmed_at,
    )  # fmt: skip


def _weight(value: bytes) -> int:
    """The approximate size of a cached cookie in bytes, parsed data included."""
    return 4 * len(value) + _OVERHEAD_BYTES
