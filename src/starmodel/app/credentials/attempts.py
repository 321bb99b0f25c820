"""Limits on attempts, such as sign-ins of one account: slowed down, never locked out."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from ipaddress import IPv6Address, ip_address

from starmodel.app.ports.clock import Clock
from starmodel.app.ports.credentials.attempts import AttemptStore, Limit
from starmodel.core.errors import TooManyAttemptsError

SWEEP_S = 600.0
KEEP_S = 24 * 3600.0
MAX_KEYS = 200_000
MAX_NAME_CHARS = 1_000
IPV6_PREFIX = 64


class Attempts:
    """Counts attempts by name, in the system store, so that all processes share the counts.

    The store has keyed hashes of the names only, and at most 200,000 of them.

    Shapes: key is derived from the secret key of the application.
    """

    def __init__(self, store: AttemptStore, *, key: bytes, clock: Clock) -> None:
        self._store, self._key, self._clock = store, key, clock
        self._sweep_at = float("-inf")

    async def claim(self, kind: str, name: str, limit: Limit) -> None:
        """Count an attempt before it is made, so that concurrent ones are counted too.

        Raises: TooManyAttemptsError, when it comes too early; StoreUnavailableError.
        """
        now = self._clock()
        await self._sweep(now)
        wait_s = await self._store.claim(self._hash(kind, name), limit, now)
        if wait_s > 0:
            raise TooManyAttemptsError(math.ceil(wait_s))

    async def forgive(self, kind: str, name: str) -> None:
        """Subtract one attempt that was legitimate."""
        await self._store.forgive(self._hash(kind, name))

    async def clear(self, kind: str, name: str) -> None:
        """Forget the attempts under a name."""
        await self._store.clear(self._hash(kind, name))

    async def close(self) -> None:
        """Release the connections of the store."""
        await self._store.close()

    async def _sweep(self, now: float) -> None:
        if time.monotonic() > self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_S
            await self._store.sweep(now - KEEP_S, MAX_KEYS)

    def _hash(self, kind: str, name: str) -> str:
        text = f"{kind} {name[:MAX_NAME_CHARS]}".encode("utf-8", "backslashreplace")
        return hmac.digest(self._key, text, hashlib.sha256).hex()


def network_of(address: str) -> str:
    """The network whose attempts are counted together: an IPv4 address, or the /64 of an IPv6 one.

    An owner of IPv6 addresses has at least a /64. A text that is no address is "unknown".

    >>> network_of("::ffff:192.0.2.7"), network_of("2001:db8::1"), network_of("2001:db8::2")
    ('192.0.2.7', '2001:db8::', '2001:db8::')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    bits = 128 - IPV6_PREFIX
    return str(IPv6Address(int(found) >> bits << bits))
