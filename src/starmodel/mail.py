"""Mail from the application's own code, and the port of mailers."""

from starmodel.app.mail.mailbox import Mailbox
from starmodel.app.mail.mime import mime_message
from starmodel.app.mail.sending import send_mail
from starmodel.app.ports.mailer import (
    Mailer,
    MailerOptions,
    MailError,
    MailMessage,
    MailRefusedError,
)

__all__ = [
    "MailError",
    "MailMessage",
    "MailRefusedError",
    "Mailbox",
    "Mailer",
    "MailerOptions",
    "mime_message",
    "send_mail",
]
