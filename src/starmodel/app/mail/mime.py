"""The MIME form of a message, for mailers that send it as such."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

from starmodel.app.ports.mailer import MailMessage
from starmodel.core.values.mail_addresses import MailSender


def mime_message(message: MailMessage, sender: MailSender) -> EmailMessage:
    """The message with its sender, date and id; ASCII, so every server accepts it.

    `Auto-Submitted` keeps out-of-office replies away.
    """
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(sender.name, addr_spec=sender.address)
    made["To"] = Address(addr_spec=message.to)
    made["Subject"] = message.subject
    made["Date"] = datetime.now(UTC)
    made["Message-ID"] = make_msgid(domain=sender.domain)
    made["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        made[name] = value
    # Quoted-printable: links longer than a line of SMTP arrive whole.
    made.set_content(message.text, cte="quoted-printable")
    if message.html:
        made.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return made
