"""Who is at the other end, when a trusted proxy stands between."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any


class TrustedProxies:
    """Takes the visitor's address from `X-Forwarded-For`, but only off proxies that are trusted.

    An address is used for limits and logs; it never grants anything.
    Shapes: networks are such as "10.0.0.0/8" or one address.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(network, strict=False) for network in networks]
        self.are_configured = bool(self._networks)

    def mend(self, scope: Any) -> None:
        """Put the visitor's own address into the scope."""
        if not scope.get("client") or not self._trusts(scope["client"][0]):
            return
        said = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
        hops = [hop.strip() for hop in said.split(",") if hop.strip()]
        # The nearest hop that is not one of ours was seen by a proxy of ours; those before it
        # are only what the visitor claims.
        for hop in reversed(hops):
            scope["client"] = (hop, 0)
            if not self._trusts(hop):
                return

    def _trusts(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)
