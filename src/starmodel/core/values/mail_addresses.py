"""E-mail addresses, as mail servers and forms accept them."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_ADDRESS_CHARS = 254  # RFC 5321, without the angle brackets
MAX_LOCAL_CHARS = 64
MAX_NAME_CHARS = 100
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f<>\"\\\u2028\u2029\ud800-\udfff]*")


class MailSender(NamedTuple):
    """The sender of messages. Shapes: name is "" for an address alone."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def mail_address(text: str) -> str:
    """The one address in `text`, with a domain of other letters in its ASCII form.

    The name before the "@" is ASCII, without quotes and comments. Whether mail is
    delivered there is not verified.

    Raises: ValueError, for any other text.

    >>> mail_address("ann@bücher.example")
    'ann@xn--bcher-kva.example'
    """
    local, at, domain = text.rpartition("@") if len(text) <= MAX_ADDRESS_CHARS else ("", "", "")
    if at and not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            domain = ""
    made = f"{local}@{domain}"
    is_valid = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not is_valid or len(local) > MAX_LOCAL_CHARS or len(made) > MAX_ADDRESS_CHARS:
        raise ValueError("expected one e-mail address, such as ann@example.org")
    return made


def mail_sender(text: str) -> MailSender:
    """The sender that a text names. Raises: ValueError.

    >>> mail_sender("The Shop <no-reply@shop.example>")
    MailSender(name='The Shop', address='no-reply@shop.example')
    """
    name, bracket, rest = text.partition("<")
    if not bracket:
        return MailSender("", mail_address(text))
    name = name.strip().removeprefix('"').removesuffix('"')
    if not rest.endswith(">") or len(name) > MAX_NAME_CHARS or not _NAME.fullmatch(name):
        raise ValueError("expected an address, or a name and an address: Shop <ann@example.org>")
    return MailSender(name, mail_address(rest[:-1]))


def masked_address(address: str) -> str:
    """The address for logs: its first e-mail and its domain.

    >>> masked_address("ann@example.org")
    'a…@example.org'
    """
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
