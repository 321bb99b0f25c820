"""A mailer for SMTP servers, by aiosmtplib."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from starmodel.adapters.mail.smtp_url import smtp_server
from starmodel.app.mail.mime import mime_message
from starmodel.app.ports.mailer import (
    MailerOptions,
    MailError,
    MailMessage,
    MailRefusedError,
)
from starmodel.core.errors import ConfigurationError

if TYPE_CHECKING:
    from aiosmtplib import SMTP

TIMEOUT_S = 20.0
MAX_REPLY_CHARS = 200
PERMANENT = range(500, 600)


class SmtpMailer:
    """Sends each message over a separate connection.

    Certificates are verified; `SSL_CERT_FILE` names further authorities.

    Raises: ConfigurationError, for an invalid URL, and without aiosmtplib.
    """

    def __init__(self, options: MailerOptions) -> None:
        try:
            import aiosmtplib  # noqa: F401 - the start fails without it, not the first message
        except ImportError as error:
            raise ConfigurationError(
                "mail_url names an SMTP server, and aiosmtplib is missing. "
                "Install it: pip install 'starmodel[mail]'."
            ) from error
        self._server, self._sender = smtp_server(options.url), options.sender

    async def send(self, message: MailMessage) -> None:
        import aiosmtplib

        async with self._connected() as client:
            try:
                await client.send_message(mime_message(message, self._sender))
            except aiosmtplib.SMTPRecipientsRefused as error:
                refused = error.recipients[0]
                raise _failure("The recipient is refused", refused.code, refused.message) from None
            except aiosmtplib.SMTPSenderRefused as error:
                # Every message would be refused: the setting is wrong, not this message.
                text = f"The sender {self._sender.address} is refused: {_reply(error.message)}"
                raise MailError(f"{text} ({error.code})") from None
            except aiosmtplib.SMTPResponseException as error:
                raise _failure("The message is refused", error.code, error.message) from None

    async def check(self) -> None:
        async with self._connected() as client:
            await client.noop()

    async def close(self) -> None:
        """No connection stays open."""

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        """A connection that is signed in. Raises: MailError, also for one that breaks."""
        import aiosmtplib

        server, where = self._server, f"{self._server.host}:{self._server.port}"
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, timeout=TIMEOUT_S,
            username=server.user, password=server.password,
            use_tls=server.encryption == "tls", start_tls=server.encryption == "starttls",
            tls_context=None if server.encryption == "none" else self._tls,
            local_hostname=self._sender.domain,  # the default is a blocking DNS query
        )  # fmt: skip
        transport: asyncio.BaseTransport | None = None
        try:
            async with client:
                transport = client.transport
                yield client
        except aiosmtplib.SMTPAuthenticationError as error:
            text = f"{where} refuses the user or password of mail_url"
            raise MailError(f"{text}: {_reply(error.message)} ({error.code})") from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailError(f"{where} replies {error.code}: {_reply(error.message)}") from None
        except ssl.SSLError as error:
            raise MailError(f"{where} has no valid TLS: {error}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(f"{where} can't be used: {_reply(str(error))}") from None
        finally:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()  # else it waits for the server's end of TLS
                await asyncio.sleep(0)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _failure(what: str, code: int, reply: str) -> MailError:
    made = MailRefusedError if code in PERMANENT else MailError
    return made(f"{what}: {_reply(reply)} ({code})")


def _reply(text: str) -> str:
    """The text of a server, in one line and shortened."""
    return " ".join(text.split())[:MAX_REPLY_CHARS]
