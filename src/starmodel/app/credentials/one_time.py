"""One-time secrets: links and codes that prove an address or give access once."""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from starmodel.app.ports.clock import Clock
from starmodel.app.ports.credentials.one_time import OneTimeRecord, OneTimeStore
from starmodel.core.errors import ConfigurationError

SECRET_BYTES = 32
CODE_DIGITS = 6
MAX_ATTEMPTS = 5
MAX_DATA_CHARS = 4_000
MAX_SUBJECT_CHARS = 320
MAX_LASTS_S = 31 * 24 * 3600.0
SWEEP_S = 600.0
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_CODE = re.compile(r"[0-9]{6}")
_PURPOSE = re.compile(r"[a-z][a-z_.]{0,31}")


class Purpose(enum.StrEnum):
    """What StarModel issues one-time secrets for; a secret is valid for its purpose only."""

    FIRST_ADMIN = "first_admin"
    VERIFY = "verify"
    RESET = "reset"
    INVITATION = "invitation"
    MAGIC_LINK = "magic_link"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Issued:
    """A valid one-time secret.

    Shapes: subject is whom it is about, such as an address or the id of a user; data is what
    was given to `issue`.
    Units: seconds since the epoch.
    """

    purpose: str
    subject: str
    data: Mapping[str, Any]
    issued_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """A code to be typed, and its handle, which stays in the browser that asked for the code."""

    handle: str = field(repr=False)
    code: str = field(repr=False)


class OneTimeSecrets:
    """Issues secrets and uses each of them up once, in all processes.

    The store has hashes only. A URL secret has 256 bits. A code has six digits, five attempts,
    and is valid together with its handle, which the session of the browser keeps.

    Shapes: key is derived from the secret key of the application.
    """

    def __init__(self, store: OneTimeStore, *, key: bytes, clock: Clock) -> None:
        self._store, self._key, self._clock = store, key, clock
        self._sweep_at = float("-inf")

    async def issue(
        self,
        purpose: str,
        subject: str,
        *,
        lasts_s: float,
        data: Mapping[str, Any] = MappingProxyType({}),
    ) -> str:
        """A new secret for a URL, of 43 characters.

        Shapes: data is JSON of at most 4,000 characters.
        Units: lasts_s is at most 31 days.
        Raises: ConfigurationError, for an argument out of bounds; StoreUnavailableError.
        """
        secret = secrets.token_urlsafe(SECRET_BYTES)
        await self._store_new(_hash(secret), purpose, subject, "", lasts_s, data)
        return secret

    async def issue_code(
        self,
        purpose: str,
        subject: str,
        *,
        lasts_s: float,
        data: Mapping[str, Any] = MappingProxyType({}),
    ) -> OneTimeCode:
        """A new code of six digits. Units, Raises: as `issue`."""
        handle = secrets.token_urlsafe(SECRET_BYTES)
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        hashed = self._keyed("code", f"{handle} {code}")
        await self._store_new(_hash(handle), purpose, subject, hashed, lasts_s, data)
        return OneTimeCode(handle, code)

    async def look(self, purpose: str, secret: str) -> Issued | None:
        """What a secret or the handle of a code is for, while it is valid; changes nothing."""
        if not _SECRET.fullmatch(secret):
            return None
        return _issued(await self._store.find(_hash(secret), purpose, self._clock()))

    async def use(self, purpose: str, secret: str) -> Issued | None:
        """Use a secret up. None for one that is unknown, used, expired, or of another purpose."""
        if not _SECRET.fullmatch(secret):
            return None
        return await self._use(purpose, secret, "")

    async def use_code(self, purpose: str, handle: str, code: str) -> Issued | None:
        """Use a code up, in the browser with this handle. None also after five attempts.

        Shapes: spaces in the code are ignored.
        """
        code = code.replace(" ", "") if len(code) <= 2 * CODE_DIGITS else ""
        if not (_SECRET.fullmatch(handle) and _CODE.fullmatch(code)):
            return None
        return await self._use(purpose, handle, self._keyed("code", f"{handle} {code}"))

    async def revoke(self, purpose: str, subject: str) -> None:
        """End the secrets of a subject for one purpose."""
        await self._store.revoke(purpose, self._keyed("subject", subject))

    async def close(self) -> None:
        """Release the connections of the store."""
        await self._store.close()

    async def _use(self, purpose: str, secret: str, code: str) -> Issued | None:
        id, now = _hash(secret), self._clock()
        return _issued(await self._store.use(id, purpose, code, now, max_attempts=MAX_ATTEMPTS))

    async def _store_new(
        self,
        id: str,
        purpose: str,
        subject: str,
        code: str,
        lasts_s: float,
        data: Mapping[str, Any],
    ) -> None:
        text = json.dumps([subject, dict(data)])
        if not _PURPOSE.fullmatch(purpose) or not 0 < lasts_s <= MAX_LASTS_S:
            raise ConfigurationError(
                f"A one-time secret for {purpose!r} and {lasts_s} s; expected a purpose of at most "
                "32 lower-case letters, and more than 0 s up to 31 days."
            )
        if len(subject) > MAX_SUBJECT_CHARS or len(text) > MAX_DATA_CHARS:
            raise ConfigurationError(
                f"A one-time secret for {purpose!r} has a subject of {len(subject)} and data of "
                f"{len(text)} characters; at most {MAX_SUBJECT_CHARS} and {MAX_DATA_CHARS} are "
                "stored."
            )
        now = self._clock()
        hashed = self._keyed("subject", subject)
        await self._sweep(now)
        await self._store.issue(
            OneTimeRecord(id, str(purpose), hashed, code, text, now, now + lasts_s)
        )

    async def _sweep(self, now: float) -> None:
        if time.monotonic() > self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_S
            await self._store.sweep(now)

    def _keyed(self, kind: str, text: str) -> str:
        return hmac.digest(self._key, f"{kind} {text}".encode(), hashlib.sha256).hex()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _issued(record: OneTimeRecord | None) -> Issued | None:
    if record is None:
        return None
    subject, data = json.loads(record.data)
    return Issued(
        record.purpose, subject, MappingProxyType(data), record.created_at, record.expires_at
    )
