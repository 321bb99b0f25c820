"""The client address behind trusted reverse proxies."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any


class TrustedProxies:
    """Reads the client address from `X-Forwarded-For`, only when set by a trusted proxy.

    Addresses serve rate limits and logs; they never grant permissions.
    Shapes: networks are CIDR blocks such as "10.0.0.0/8" or one address.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(network, strict=False) for network in networks]
        self.are_configured = bool(self._networks)

    def apply(self, scope: Any) -> None:
        """Replace the scope's client address by the visitor's."""
        if not scope.get("client") or not self._trusts(scope["client"][0]):
            return
        said = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
        hops = [hop.strip() for hop in said.split(",") if hop.strip()]
        # A trusted proxy saw the nearest untrusted hop; hops before that one can be forged by
        # the client.
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
