"""The credentials of one application, besides its sessions."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.app.credentials.attempts import Attempts
from starmodel.app.credentials.one_time import OneTimeSecrets
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.credentials.attempts import AttemptStore
from starmodel.app.ports.credentials.one_time import OneTimeStore
from starmodel.core.values.derived_keys import derived_key


@dataclass(frozen=True, kw_only=True)
class CredentialStores:
    """The stores of credentials, on one database or in memory."""

    one_time: OneTimeStore
    attempts: AttemptStore


class Credentials:
    """One-time secrets and limits on attempts, over the stores of the application.

    Shapes: secret is the oldest secret key in use, so that a new one ends no credential.
    """

    def __init__(self, stores: CredentialStores, *, secret: str, clock: Clock) -> None:
        self.one_time = OneTimeSecrets(
            stores.one_time, key=derived_key(secret, "one-time secrets"), clock=clock
        )

        self.attempts = Attempts(stores.attempts, key=derived_key(secret, "attempts"), clock=clock)

    async def close(self) -> None:
        """Release the connections of the stores."""
        await self.one_time.close()
        await self.attempts.close()
