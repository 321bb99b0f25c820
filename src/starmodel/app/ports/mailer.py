"""The port of mailers, which send messages by e-mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from starmodel.core.errors import StarModelError
from starmodel.core.values.mail_addresses import MailSender, mail_address

MAX_SUBJECT_CHARS = 200
MAX_TEXT_CHARS = 100_000
MAX_HTML_CHARS = 200_000
MAX_HEADERS = 20
MAX_HEADER_CHARS = 500
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")
# Control characters, line separators and lone surrogates: none belongs to a line of a header.
_NOT_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_TEXT = re.compile("[\x00\ud800-\udfff]")
_RESERVED = frozenset(
    {
        "auto-submitted", "bcc", "cc", "date", "dkim-signature", "from", "message-id",
        "mime-version", "received", "return-path", "sender", "subject", "to",
    }
)  # fmt: skip


class MailError(StarModelError):
    """A message could not be sent now; a later attempt may succeed.

    The text is for operators. It has neither the content of the message nor a password.
    """

    status = 503


class MailRefusedError(MailError):
    """The server has refused the message or its recipient for good."""


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A message to one recipient, as text and optionally as HTML.

    Shapes: to is one address; headers are further ones by name, such as "Reply-To". Line
    breaks are possible in text and html alone, so no value adds a header or a recipient.
    Raises: ValueError, for any other value, and beyond a bound.
    """

    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", mail_address(self.to))
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))
        _check_line("subject", self.subject, MAX_SUBJECT_CHARS)
        _check_text("text", self.text, MAX_TEXT_CHARS)
        _check_text("html", self.html, MAX_HTML_CHARS)
        if not self.subject.strip() or not self.text.strip():
            raise ValueError("A message has a subject and a text.")
        if len(self.headers) > MAX_HEADERS:
            raise ValueError(f"A message has at most {MAX_HEADERS} further headers.")
        for name, value in self.headers.items():
            lower = name.lower() if _HEADER.fullmatch(name) else "bcc"
            if lower in _RESERVED or lower.startswith("content-"):
                raise ValueError(f"The header {name!r:.70} is none that a message may have.")
            _check_line(name, value, MAX_HEADER_CHARS)


@dataclass(frozen=True, slots=True)
class MailerOptions:
    """What a mailer is made from.

    Shapes: url is the setting `mail_url`, whose scheme has chosen the mailer; development is
    True when the application is not in production.
    """

    url: str = field(repr=False)
    sender: MailSender
    development: bool = False


class Mailer(Protocol):
    """Sends messages, each to one recipient.

    Calls may overlap. The sender of all messages is that of the `MailerOptions`.
    """

    async def send(self, message: MailMessage) -> None:
        """Send the message once; returns when the next server has accepted it.

        Raises: MailRefusedError, when it refuses the message for good; MailError, for any other
        failure.
        """

    async def check(self) -> None:
        """Connect as for a message, and send none. Raises: MailError."""

    async def close(self) -> None:
        """Release connections; the next call opens them again."""


MakeMailer = Callable[[MailerOptions], Mailer]
"""Makes a mailer without connecting. Raises: ConfigurationError, for a URL that it can't use."""


def _check_line(name: str, value: str, most: int) -> None:
    if len(value) > most or _NOT_IN_LINE.search(value):
        raise ValueError(f"The {name} of a message is one line of at most {most} characters.")


def _check_text(name: str, value: str, most: int) -> None:
    if len(value) > most or _NOT_IN_TEXT.search(value):
        raise ValueError(f"The {name} of a message is a text of at most {most} characters.")
