"""The client address and scheme behind trusted reverse proxies."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any


def behind_proxies(app: Any, networks: Sequence[str]) -> Any:
    """The ASGI application, called with the client and scheme of `X-Forwarded-…` headers.

    Only headers of these networks are trusted; without any, the application itself. Addresses
    serve rate limits and logs; they never grant permissions.

    Shapes: networks are CIDR blocks such as "10.0.0.0/8", or addresses.
    """
    if not networks:
        return app
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    # It would take a block with host bits, such as "10.0.0.1/8", for the name of a host.
    blocks = [str(ip_network(network, strict=False)) for network in networks]
    return ProxyHeadersMiddleware(app, trusted_hosts=blocks)
