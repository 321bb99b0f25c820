"""The address of an SMTP server, from the setting `mail_url`."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from starmodel.core.errors import ConfigurationError

EXPECTED = "smtps://user:password@mail.example.org or smtp://user:password@mail.example.org:587"
_PORTS = {"smtps": 465, "smtp": 587}
Encryption = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """An SMTP server. Shapes: user and password are None for a server without sign-in."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def smtp_server(url: str) -> SmtpServer:
    """The server of a URL: "smtps" for TLS from the first byte, "smtp" for STARTTLS.

    STARTTLS is required, except of a server on this machine, and of one with `?tls=none`, to
    which no password is sent.

    Raises: ConfigurationError, without any part of the URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        host, port, options = None, None, {}
    if not host or parts.path not in ("", "/") or parts.fragment:
        raise ConfigurationError(
            f"mail_url is no address of an SMTP server; expected {EXPECTED}. Write special "
            "characters of the password percent-encoded, such as %40 for @."
        )
    if options.keys() - {"tls"} or options.get("tls", "none") != "none":
        raise ConfigurationError("mail_url has an unknown option; the only one is ?tls=none.")
    if (parts.username is None) != (parts.password is None):
        raise ConfigurationError("mail_url has a user or a password alone; expected both or none.")
    is_plain = parts.scheme == "smtp" and ("tls" in options or _is_this_machine(host))
    if "tls" in options and (parts.scheme == "smtps" or parts.password is not None):
        raise ConfigurationError(
            "mail_url has ?tls=none, and the scheme smtps or a password. A password is not sent "
            "over a connection without TLS."
        )
    encryption: Encryption = (
        "none" if is_plain else "tls" if parts.scheme == "smtps" else "starttls"
    )
    return SmtpServer(
        host, port or _PORTS[parts.scheme], encryption,
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
    )  # fmt: skip


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
