"""Validation of redirect URLs, parsed as browsers parse them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST = re.compile(
    r"https?://((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)(?=[/?#]|\Z)", re.I
)


def sent_as(url: str) -> str:
    """The URL for a Location header or a script: spaces and non-ASCII percent-encoded."""
    return quote(url, safe="/:?#[]@!$&'()*+,;=%~", errors="replace")


def stays_here(url: str, host: str, allowed_hosts: Sequence[str] = ()) -> bool:
    """Whether the URL is relative, or http(s) on this host or an allowed host.

    Browsers remove tabs and newlines, strip white space, parse a backslash as
    a slash, and userinfo before an @; URLs that rely on these are rejected.

    Shapes: host is the Host header of the request, with its port.
    """
    if _CONTROL.search(url) or url != url.strip():
        return False
    head = re.split("[?#]", url, maxsplit=1)[0]
    if head.replace("\\", "/").startswith("//"):
        return False
    if _SCHEME.match(head) is None:
        return True
    match = None if "\\" in head else _HOST.match(head)
    if match is None:
        return False
    named = match[1].lower()
    if host and named == host.lower():
        return True
    name = named if named.endswith("]") else re.sub(r":\d+\Z", "", named)
    return matches_host(name, [allowed.lower() for allowed in allowed_hosts])


def is_web_address(url: str) -> bool:
    """Whether the URL is relative or http(s), not a script such as `javascript:`."""
    scheme = _SCHEME.match(re.sub(r"[\t\n\r]", "", url).lstrip("".join(map(chr, range(33)))))
    return scheme is None or scheme[0].lower() in ("http:", "https:")


def matches_host(host: str, allowed_hosts: Sequence[str]) -> bool:
    """Whether a host name is allowed; "*.example.org" matches subdomains at any depth."""
    return any(
        host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:]))
        for allowed in allowed_hosts
    )
