"""The SMTP mailer and real servers: TLS, sign-in, and failures that name no secret."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mail_server import ENCODED, PASSWORD, USER, MailServer, certificates, mail_server
from starmodel.adapters.mail.smtp import SmtpMailer
from starmodel.core.values.mail_addresses import mail_sender
from starmodel.mail import MailerOptions, MailError, MailMessage, MailRefusedError

MESSAGE = MailMessage("ann@example.org", "Hello", "Text")


def send(url: str) -> None:
    mailer = SmtpMailer(MailerOptions(url, mail_sender("Shop <no-reply@shop.example>")))

    async def run() -> None:
        try:
            await mailer.send(MESSAGE)
        finally:
            await asyncio.sleep(0.05)  # a server's event loop goes on, and closes the socket

    asyncio.run(run())


def failure(url: str) -> MailError:
    with pytest.raises(MailError) as raised:
        send(url)
    text = f"{raised.value!r} {raised.value.__cause__!r}"
    assert PASSWORD not in text
    assert ENCODED not in text
    return raised.value


@pytest.fixture
def plain_server_with_starttls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the mailer treat this machine as any other, so that it requires STARTTLS."""
    monkeypatch.setattr("starmodel.adapters.mail.smtp_url._is_this_machine", lambda host: False)


pytestmark = pytest.mark.usefixtures("plain_server_with_starttls_alone")


def test_message_is_sent_after_starttls_and_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with mail_server(starttls=tls, signs_in=True) as server:
        send(f"smtp://{ENCODED}@127.0.0.1:{server.port}")
    assert server.sign_ins == [USER]
    assert server.envelopes == [("no-reply@shop.example", ["ann@example.org"])]
    assert server.mime[0]["From"] == "Shop <no-reply@shop.example>"


def test_server_without_starttls_gets_no_password_and_no_message() -> None:
    with mail_server() as server:
        error = failure(f"smtp://{ENCODED}@127.0.0.1:{server.port}")
    assert "STARTTLS" in str(error)
    assert (server.sign_ins, server.mime) == ([], [])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_unknown_authority_gets_no_password_and_no_message(tmp_path: Path, scheme: str) -> None:
    tls, _ = certificates(tmp_path)
    options = {"starttls": tls} if scheme == "smtp" else {"tls": tls}
    with mail_server(signs_in=True, **options) as server:
        error = failure(f"{scheme}://{ENCODED}@127.0.0.1:{server.port}")
    assert "certificate" in str(error).lower()
    assert (server.sign_ins, server.mime) == ([], [])


def test_wrong_password_names_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, authority = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with mail_server(tls=tls, signs_in=True) as server:
        error = failure(f"smtps://mailer:wrong-word@127.0.0.1:{server.port}")
    assert "refuses the user or password of mail_url" in str(error)
    assert "wrong-word" not in str(error)
    assert not isinstance(error, MailRefusedError)


def options(server: MailServer) -> str:
    return f"smtp://127.0.0.1:{server.port}?tls=none"


@pytest.mark.parametrize(
    ("reply", "is_refusal"), [("550 No such mailbox", True), ("451 Try later", False)]
)
def test_reply_to_the_recipient_decides_whether_to_try_again(reply: str, is_refusal: bool) -> None:
    with mail_server() as server:
        server.recipients["*"] = reply
        error = failure(options(server))
    assert isinstance(error, MailRefusedError) is is_refusal
    assert reply[4:] in str(error)


@pytest.mark.parametrize(
    ("reply", "is_refusal"), [("554 Looks like spam", True), ("452 Disk full", False)]
)
def test_reply_to_the_content_decides_whether_to_try_again(reply: str, is_refusal: bool) -> None:
    with mail_server() as server:
        server.data = reply
        error = failure(options(server))
    assert isinstance(error, MailRefusedError) is is_refusal


def test_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starmodel.adapters.mail.smtp.TIMEOUT_S", 0.05)

    async def run() -> None:
        ended = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            await writer.wait_closed()
            ended.set()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        mailer = SmtpMailer(
            MailerOptions(f"smtp://127.0.0.1:{port}?tls=none", mail_sender("a@b.example"))
        )
        async with server:
            with pytest.raises(MailError, match="can't be used"):
                await mailer.send(MESSAGE)
            await ended.wait()

    asyncio.run(run())
