"""The credentials of one application, besides its sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starmodel.app.credentials.attempts import Attempts
from starmodel.app.credentials.one_time import OneTimeSecrets
from starmodel.app.credentials.tokens.tokens import Tokens
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.credentials.attempts import AttemptStore
from starmodel.app.ports.credentials.one_time import OneTimeStore
from starmodel.app.ports.credentials.tokens import TokenStore
from starmodel.core.classes.registry import Registry
from starmodel.core.values.derived_keys import derived_key


@dataclass(frozen=True, kw_only=True)
class CredentialStores:
    """The stores of credentials, on one database or in memory."""

    one_time: OneTimeStore
    attempts: AttemptStore
    tokens: TokenStore


class Credentials:
    """One-time secrets, limits on attempts and bearer tokens, over the stores of the application.

    Shapes: secret is the oldest secret key in use, so that a new one ends no credential. ended
    and watched are those of `Tokens`.
    """

    def __init__(
        self,
        stores: CredentialStores,
        registry: Registry,
        *,
        secret: str,
        clock: Clock,
        ended: Callable[[str], Awaitable[None]],
        watched: Callable[[], bool],
    ) -> None:
        self.one_time = OneTimeSecrets(
            stores.one_time, key=derived_key(secret, "one-time secrets"), clock=clock
        )

        self.attempts = Attempts(stores.attempts, key=derived_key(secret, "attempts"), clock=clock)

        self.tokens = Tokens(stores.tokens, registry, clock=clock, ended=ended, watched=watched)

    async def close(self) -> None:
        """Release the connections of the stores."""
        await self.one_time.close()
        await self.attempts.close()
        await self.tokens.close()
