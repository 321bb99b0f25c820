"""The mailers of StarModel fulfil the contract of mailers, SMTP against a real server."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from mail_server import ENCODED, MailServer, certificates, mail_server
from starmodel.adapters.mail.smtp import SmtpMailer
from starmodel.core.values.mail_addresses import mail_sender
from starmodel.mail import Mailbox, Mailer, MailerOptions, MailMessage
from starmodel.testing.contracts.mailers import TO, MailerContract, MailServerContract

SENDER = mail_sender("The Shop <no-reply@shop.example>")


class TestMailbox(MailerContract):
    @pytest.fixture(autouse=True)
    def _mailbox(self) -> None:
        self.box = Mailbox()

    def mailer(self) -> Mailer:
        return self.box

    def received(self) -> Sequence[MailMessage]:
        return self.box.messages


class SmtpContract(MailServerContract):
    scheme = "smtp"

    @pytest.fixture(autouse=True)
    def _server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        tls, authority = certificates(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        with ExitStack() as stack:
            self.server = self.start(stack, tls)
            yield

    def start(self, stack: ExitStack, tls: ssl.SSLContext) -> MailServer:
        return stack.enter_context(mail_server())

    def mailer(self) -> Mailer:
        return SmtpMailer(MailerOptions(self.url(self.server.port), SENDER))

    def url(self, port: int) -> str:
        return f"smtp://127.0.0.1:{port}"

    def received(self) -> Sequence[MailMessage]:
        return self.server.messages

    def refusing_mailer(self) -> Mailer:
        self.server.recipients[TO] = "550 No such mailbox"
        return self.mailer()

    def unreachable_mailer(self) -> Mailer:
        return SmtpMailer(MailerOptions(self.url(1), SENDER))


class TestSmtp(SmtpContract):
    """Without TLS, which a server on this machine needs not."""


class TestSmtpOverTls(SmtpContract):
    def start(self, stack: ExitStack, tls: ssl.SSLContext) -> MailServer:
        return stack.enter_context(mail_server(tls=tls, signs_in=True))

    def url(self, port: int) -> str:
        return f"smtps://{ENCODED}@localhost:{port}"
