"""Redirects in the responses of user routes."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.app.commands.redirects import is_web_address

VARY = (b"vary", b"Datastar-Request")


def redirect_target(status: int, headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """The URL of Location or HX-Redirect; None for a response without a web address in either."""
    for name, value in headers:
        if name == b"hx-redirect" or (name == b"location" and 300 <= status < 400):
            url = value.decode("latin-1")
            return url if is_web_address(url) else None
    return None
