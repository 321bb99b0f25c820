"""A real SMTP server in a thread, with or without TLS, and a certificate authority for it."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from starmodel.mail import MailMessage

USER, PASSWORD = "mailer", "p@ss/word:#1"  # percent-encoded in URLs
ENCODED = "mailer:p%40ss%2Fword%3A%231"


class MailServer:
    """Stores what it accepts.

    Shapes: recipients and data map an address or "*" to the reply of that step, "550 No.".
    """

    def __init__(self) -> None:
        self.mime: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.recipients: dict[str, str] = {}
        self.data = ""
        self.sign_ins: list[str] = []
        self.port = 0

    @property
    def messages(self) -> list[MailMessage]:
        """The messages that arrived, with all their headers."""
        return [_message(mime) for mime in self.mime]

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if refused := self.recipients.get(address) or self.recipients.get("*"):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - likewise
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        if self.data:
            return self.data
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        found = message_from_bytes(envelope.content, policy=default)
        assert isinstance(found, EmailMessage)
        self.mime.append(found)
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.sign_ins.append(data.login.decode())
        is_right = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=is_right, handled=False)


class _Controller(Controller):
    """Ends its connections before its event loop ends, so that no socket stays open."""

    def factory(self) -> Any:
        made = super().factory()
        self.__dict__.setdefault("made", []).append(made)
        return made

    async def end_connections(self) -> None:
        for protocol in self.__dict__.get("made", []):
            for transport in (protocol.transport, protocol._original_transport):
                if transport is not None:
                    transport.abort()
        for _ in range(5):
            await asyncio.sleep(0)


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None,
    signs_in: bool = False,
) -> Iterator[MailServer]:  # fmt: skip
    """A server on a free port of this machine; tls is implicit."""
    handler = MailServer()
    options: dict[str, Any] = {}
    if signs_in:
        # The server knows STARTTLS only as TLS.
        options |= {"authenticator": handler.authenticate, "auth_require_tls": tls is None}
    controller = _Controller(
        handler, loop=asyncio.new_event_loop(), hostname="127.0.0.1", port=_free_port(),
        ssl_context=tls, tls_context=starttls,
        require_starttls=starttls is not None, **options,
    )  # fmt: skip
    handler.port = controller.port
    controller.start()
    try:
        yield handler
    finally:
        asyncio.run_coroutine_threadsafe(controller.end_connections(), controller.loop).result(10)
        controller.stop()


def certificates(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """The TLS context of a server on this machine, and the file of its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of tests")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    authority, private = folder / "authority.pem", folder / "key.pem"
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return context, authority


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _message(mime: EmailMessage) -> MailMessage:
    text, html = mime.get_body(("plain",)), mime.get_body(("html",))
    assert text is not None
    own = {"reply-to", "x-order"}
    return MailMessage(
        str(mime["To"]), str(mime["Subject"]), text.get_content().replace("\r\n", "\n"),
        "" if html is None else html.get_content(),
        {name: str(value) for name, value in mime.items() if name.lower() in own},
    )  # fmt: skip
