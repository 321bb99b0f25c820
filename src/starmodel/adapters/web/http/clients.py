"""What a request says about its client: device and address, for lists of sessions."""

from __future__ import annotations

from typing import NamedTuple

from starmodel.adapters.web.http.request import HttpRequest

MAX_DEVICE_CHARS, MAX_ADDRESS_CHARS = 200, 64


class Client(NamedTuple):
    """The client of a request. Neither part grants anything.

    Shapes: device is the User-Agent, without control characters; address is the IP address,
    that of a forwarded header only from a trusted proxy. Both are "" when unknown.
    """

    device: str = ""
    address: str = ""


UNKNOWN = Client()


def client_of(request: HttpRequest) -> Client:
    """The client of a request, bounded."""
    device = "".join(filter(str.isprintable, request.header(b"user-agent")[:MAX_DEVICE_CHARS]))
    address, *_ = request.scope.get("client") or ("",)
    return Client(device, str(address)[:MAX_ADDRESS_CHARS])
