"""The credentials of one application, besides its sessions."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.app.credentials.one_time import OneTimeSecrets
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.credentials.one_time import OneTimeStore
from starmodel.core.values.derived_keys import derived_key


@dataclass(frozen=True, kw_only=True)
class CredentialStores:
    """The stores of credentials, on one database or in memory."""

    one_time: OneTimeStore


class Credentials:
    """One-time secrets, over the stores of the application.

    Shapes: secret is the oldest secret key in use, so that a new one ends no credential.
    """

    def __init__(self, stores: CredentialStores, *, secret: str, clock: Clock) -> None:
        self.one_time = OneTimeSecrets(
            stores.one_time, key=derived_key(secret, "one-time secrets"), clock=clock
        )

    async def close(self) -> None:
        """Release the connections of the stores."""
        await self.one_time.close()
