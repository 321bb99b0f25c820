"""`mail_url` as the address of an SMTP server."""

from __future__ import annotations

import pytest

from starmodel.adapters.mail.smtp_url import smtp_server
from starmodel.core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("url", "host", "port", "encryption", "user", "password"),
    [
        ("smtps://u:p%40%2F%3A@mail.example.org", "mail.example.org", 465, "tls", "u", "p@/:"),
        ("smtps://u:p@mail.example.org:4465/", "mail.example.org", 4465, "tls", "u", "p"),
        ("smtp://a%40b:p@mail.example.org", "mail.example.org", 587, "starttls", "a@b", "p"),
        ("smtp://mail.example.org", "mail.example.org", 587, "starttls", None, None),
        ("smtp://localhost:1025", "localhost", 1025, "none", None, None),
        ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, "none", None, None),
        ("smtp://[::1]:1025", "::1", 1025, "none", None, None),
        ("smtps://localhost", "localhost", 465, "tls", None, None),
        ("smtp://mailpit:1025?tls=none", "mailpit", 1025, "none", None, None),
        ("smtp://localhost.example.org", "localhost.example.org", 587, "starttls", None, None),
        ("smtp://10.0.0.1", "10.0.0.1", 587, "starttls", None, None),
    ],
)  # fmt: skip
def test_url_names_the_server(
    url: str, host: str, port: int, encryption: str, user: str | None, password: str | None
) -> None:
    server = smtp_server(url)
    found = (server.host, server.port, server.encryption, server.user, server.password)
    assert found == (host, port, encryption, user, password)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://", "smtps://u:hush@", "smtps://u:hush@mail:99999", "smtps://u:hush@mail/inbox",
        "smtps://u:hush@mail#x", "smtps://u:hush@[::1", "smtp://u:hush@mail?tls=none",
        "smtps://mail?tls=none", "smtp://mail?tls=hush", "smtp://mail?hush=1", "smtps://u@mail",
        "smtps://:hush@mail?starttls", "smtps://u:hu/sh@mail",
    ],
)  # fmt: skip
def test_other_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="mail_url") as raised:
        smtp_server(url)
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_password_is_not_in_the_representation() -> None:
    assert "hush" not in repr(smtp_server("smtps://u:hush@mail.example.org"))
