"""Mail in development: a mailbox instead of a mail server, and its page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from starmodel.app.mail.mailbox import Mailbox
from starmodel.app.ports.mailer import MailerOptions, MailMessage, MakeMailer
from starmodel.core.errors import (
    AccessDeniedError,
    ConfigurationError,
    NotSignedInError,
    RequestError,
)
from starmodel.core.values.log_text import log_text
from starmodel.plugins import Asset, Exchange, Page, Plugin, Route
from starmodel.plugins.built_in.mail.frames import FRAME_HEADERS, framed
from starmodel.plugins.built_in.mail.pages import MailPages
from starmodel.plugins.built_in.mail.texts import TEXTS
from starmodel.texts.catalogue import Message
from starmodel.texts.english import Text

log = logging.getLogger("starmodel.mail")
PATH = "/_starmodel/mail"
STYLES = "mailbox.css"
MAX_DIGITS = 9
HTML = b"text/html; charset=utf-8"


class Mail(Plugin):
    """The development mailbox, which receives the application's mail.

    Only the developer may open its page, and only in development.
    """

    name = "mail"
    texts: ClassVar[Mapping[str, Text]] = MappingProxyType(TEXTS)

    def mailers(self) -> dict[str, MakeMailer]:
        return {"mailbox": self.mailbox}

    def routes(self) -> list[Route]:
        return [Route(PATH, self.show, access="public", below=True)]

    def assets(self) -> list[Asset]:
        return [Asset(Path(__file__).with_name(STYLES), in_head=False)]

    def mailbox(self, options: MailerOptions) -> Mailbox:
        """A mailbox that logs what it receives. Raises: ConfigurationError, in production."""
        if not options.development:
            raise ConfigurationError(
                "mail_url is 'mailbox:', and env is 'production'. The mailbox delivers no mail; "
                "set mail_url to a mail server."
            )
        return Mailbox(received=self._log)

    async def show(self, exchange: Exchange) -> Page | None:
        """The list of messages, or one of them; its HTML alone for the frame in its page."""
        mailbox = self._mailbox_for(exchange)
        name = exchange.request.path.removeprefix(PATH).strip("/")
        if not name:
            return self._pages.list(mailbox.kept, exchange.root_path)
        number, dot, suffix = name.partition(".")
        is_number = number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS
        kept = mailbox.find(int(number)) if is_number else None
        if kept is None or (dot and suffix != "html"):
            raise _nothing(exchange)
        if not dot:
            return self._pages.message(kept, exchange.root_path)
        await exchange.answer(200, HTML, framed(kept.message.html), FRAME_HEADERS)
        return None

    @cached_property
    def _pages(self) -> MailPages:
        return MailPages(self.services.application.texts, PATH, self.asset_urls[STYLES])

    def _mailbox_for(self, exchange: Exchange) -> Mailbox:
        """The mailbox, for the developer. Raises: RequestError; AccessDeniedError."""
        services, session = self.services, exchange.session
        mailbox: Any = services.application.mail.mailer
        if not services.settings.development or not isinstance(mailbox, Mailbox):
            raise _nothing(exchange)
        if session.actor is None:
            raise NotSignedInError(self.text("developer"))
        if not session.is_developer:
            raise AccessDeniedError(self.text("developer"))
        return mailbox

    def _log(self, message: MailMessage) -> None:
        log.info(
            "Mail to %s, %r, is in the mailbox: %s%s",
            message.to, log_text(message.subject), self.services.address, PATH,
        )  # fmt: skip


def _nothing(exchange: Exchange) -> RequestError:
    return RequestError(Message("problem.no_page", path=exchange.request.path), status=404)
