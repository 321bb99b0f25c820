"""Limits on e-mails, and on the use of their links and codes."""

from __future__ import annotations

from starmodel.app.credentials.attempts import Attempts, network_of
from starmodel.app.ports.credentials.attempts import Limit
from starmodel.plugins import Exchange

HOUR_S = 3600.0
EMAILS_TO_ADDRESS = Limit(free=5, max_wait_s=900, forget_s=12 * HOUR_S)
EMAILS_FROM_NETWORK = Limit(free=20, max_wait_s=300, forget_s=HOUR_S)
USES_FROM_NETWORK = Limit(free=30, max_wait_s=300, forget_s=HOUR_S)


class EmailLimits:
    """Counts e-mails by address, known or unknown, and by the network of the request."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    async def claim_email(self, exchange: Exchange, address: str) -> None:
        """Count an e-mail or a new account.

        Raises: TooManyAttemptsError; StoreUnavailableError.
        """
        network = _network(exchange)
        await self._attempts.claim("e-mails from", network, EMAILS_FROM_NETWORK)
        await self._attempts.claim("e-mails to", address, EMAILS_TO_ADDRESS)

    async def claim_use(self, exchange: Exchange) -> None:
        """Count a link or code that is sent back. Raises: as `claim_email`."""
        await self._attempts.claim("e-mails used", _network(exchange), USES_FROM_NETWORK)

    async def forgive_use(self, exchange: Exchange) -> None:
        """Subtract one that was valid."""
        await self._attempts.forgive("e-mails used", _network(exchange))


def _network(exchange: Exchange) -> str:
    client = exchange.request.scope.get("client") or ("",)
    return network_of(client[0])
