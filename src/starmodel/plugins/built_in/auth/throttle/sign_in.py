"""Rate limits of sign-in attempts: per account, per network, and per recognised browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starmodel.app.credentials.attempts import Attempts, network_of
from starmodel.app.ports.credentials.attempts import Limit
from starmodel.plugins.built_in.auth.throttle.known_browsers import MAX_AGE_S, KnownBrowsers

if TYPE_CHECKING:
    from starmodel.plugins import Exchange

HOUR_S = 3600.0
BY_ACCOUNT = Limit(free=5, max_wait_s=900, forget_s=12 * HOUR_S)
# Offices and mobile networks share an address.
BY_NETWORK = Limit(free=10, max_wait_s=300, forget_s=HOUR_S)
BY_BROWSER = Limit(free=10, max_wait_s=900, forget_s=12 * HOUR_S)
KNOWN = "known"
MAX_ACCOUNT_CHARS = 320


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """An attempt that was admitted, and the counts that include it."""

    account: str
    counted: tuple[tuple[str, str], ...]


class SignInThrottle:
    """Applies rate limits to sign-in attempts, in all processes, without a lock-out.

    Attempts on an account and from a network are counted before the password is verified, and
    the same for accounts that do not exist. A browser that has signed in as the account before has
    a count of its own, so that nobody else can keep it out.
    """

    def __init__(self, attempts: Attempts, key: bytes) -> None:
        self._attempts, self._browsers = attempts, KnownBrowsers(key)

    async def begin(self, exchange: Exchange, account: str) -> SignInAttempt:
        """Count an attempt to sign in as an account, known or not.

        Shapes: account is what was typed, in the form in which accounts are compared.
        Raises: TooManyAttemptsError, a 429 with Retry-After; StoreUnavailableError.
        """
        account = account[:MAX_ACCOUNT_CHARS]
        known = self._browsers.find(exchange.read_cookie(KNOWN), account)
        if known is not None:
            counted = (("browser", f"{known} {account}"),)
            await self._attempts.claim(*counted[0], BY_BROWSER)
            return SignInAttempt(account, counted)
        client = exchange.request.scope.get("client") or ("",)
        by_network, by_account = ("network", network_of(client[0])), ("account", account)
        await self._attempts.claim(*by_network, BY_NETWORK)
        await self._attempts.claim(*by_account, BY_ACCOUNT)
        return SignInAttempt(account, (by_account, by_network))

    async def succeeded(self, exchange: Exchange, attempt: SignInAttempt) -> None:
        """Forget the attempts on the account, and let this browser be known as its own."""
        first, *others = attempt.counted
        await self._attempts.clear(*first)
        for each in others:
            await self._attempts.forgive(*each)
        cookie = self._browsers.remember(exchange.read_cookie(KNOWN), attempt.account)
        exchange.write_cookie(KNOWN, cookie, max_age_s=MAX_AGE_S)
