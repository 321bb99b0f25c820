"""Messages: no value adds a header, a recipient or a part."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.core.values.mail_addresses import mail_sender
from starmodel.mail import MailMessage, mime_message

SENDER = mail_sender("Shop <no-reply@shop.example>")
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
    "Content-Type",
]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"to": "ann@example.org\r\nBcc: eve@example.org"},
        {"to": "ann@example.org, eve@example.org"},
        {"subject": "Hello\r\nBcc: eve@example.org"},
        {"subject": "Hello\nX: y"},
        {"subject": "Hello\u2028X"},
        {"subject": "Hello\x85X"},
        {"subject": "a\ud800"},
        {"subject": " "},
        {"subject": "x" * 201},
        {"text": ""},
        {"text": "a\x00b"},
        {"text": "x" * 100_001},
        {"html": "a\udfff"},
        {"html": "x" * 200_001},
        {"headers": {"Bcc": "eve@example.org"}},
        {"headers": {"bcc": "eve@example.org"}},
        {"headers": {"X-A\r\nBcc": "eve@example.org"}},
        {"headers": {"X-A:": "b"}},
        {"headers": {"": "b"}},
        {"headers": {"From": "eve@example.org"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {"Reply-To": "a@b.example\r\nBcc: eve@example.org"}},
        {"headers": {"X-Long": "x" * 501}},
        {"headers": {f"X-{n}": "x" for n in range(21)}},
    ],
    ids=lambda change: f"{next(iter(change))} {next(iter(change.values()))!r:.30}",
)
def test_message_is_refused(change: dict[str, Any]) -> None:
    values: dict[str, Any] = {"to": "ann@example.org", "subject": "Hello", "text": "Text"}
    with pytest.raises(ValueError, match=r"message|address"):
        MailMessage(**(values | change))


@given(
    subject=st.text(max_size=200), text=st.text(max_size=400), html=st.text(max_size=400),
    value=st.text(max_size=200),
)  # fmt: skip
def test_accepted_message_has_the_headers_of_its_fields_alone(
    subject: str, text: str, html: str, value: str
) -> None:
    try:
        message = MailMessage("ann@example.org", subject, text, html, {"X-Value": value})
    except ValueError:
        return
    raw = mime_message(message, SENDER).as_bytes()
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    read = message_from_bytes(raw, policy=default)
    assert set(read.keys()) == {*HEADERS, "X-Value", *_transfer(read)}
    assert read["To"].addresses[0].addr_spec == "ann@example.org"
    assert len(read["To"].addresses) == 1


def _transfer(read: Any) -> list[str]:
    return [name for name in read if name.lower() == "content-transfer-encoding"]


def test_mime_message_has_sender_recipient_date_and_id() -> None:
    made = mime_message(MailMessage("ann@bücher.example", "Hello", "Text"), SENDER)
    assert made["From"] == "Shop <no-reply@shop.example>"
    assert made["To"] == "ann@xn--bcher-kva.example"
    assert re.fullmatch(r"<[^@]+@shop\.example>", made["Message-ID"])
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Date"].datetime is not None


def test_representation_has_no_content() -> None:
    message = MailMessage("ann@example.org", "Hello", "https://x/token", "<b>token</b>")
    assert "token" not in repr(message)
