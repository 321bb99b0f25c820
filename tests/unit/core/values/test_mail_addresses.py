"""E-mail addresses and senders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.core.values.mail_addresses import (
    MAX_ADDRESS_CHARS,
    mail_address,
    mail_sender,
    masked_address,
)


@pytest.mark.parametrize(
    "text",
    ["ann@example.org", "a.b+c@x.y.example", "ann@localhost", "o'neil@example.org", "a@b.co"],
)
def test_address_is_returned_as_it_is(text: str) -> None:
    assert mail_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "@example.org", "ann@", "ann@@example.org", "a b@example.org", "ann@-x.org",
        "ann@example..org", ".ann@example.org", "ann.@example.org", "a..b@example.org",
        "ann@example.org, bob@example.org", "ann@example.org\r\nBcc: bob@example.org",
        "ann@example.org\n", "Ann <ann@example.org>", '"a b"@example.org', "änn@example.org",
        f"{'a' * 65}@example.org", f"ann@{'a' * 64}.org", f"ann@{'a.' * 130}org", "ann@ex\x00.org",
        "ann@exa\ud800mple.org", "ann@[127.0.0.1]", "ann@ex ample.org", "ann@\u3002org",
    ],
)  # fmt: skip
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="one e-mail address"):
        mail_address(text)


@given(st.text(max_size=300))
def test_accepted_address_is_one_ascii_word(text: str) -> None:
    try:
        made = mail_address(text)
    except ValueError:
        return
    assert made.isascii()
    assert made.count("@") == 1
    assert len(made) <= MAX_ADDRESS_CHARS
    assert not set(made) & set(' \t\r\n<>,;:"\\()[]\x00')
    assert mail_address(made) == made


@pytest.mark.parametrize(
    "text",
    [
        "Shop <a@b.example", "Shop <a@b.example> x", "Sh\nop <a@b.example>", "<>", "",
        f"{'x' * 101} <a@b.example>", "A <b> <a@b.example>", 'A "B" C <a@b.example>',
    ],
)  # fmt: skip
def test_other_sender_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        mail_sender(text)


def test_sender_may_have_a_name_in_quotes() -> None:
    assert mail_sender('"Shop, Inc." <a@b.example>') == ("Shop, Inc.", "a@b.example")


def test_masked_address_names_the_domain_only() -> None:
    assert masked_address("ann.smith@example.org") == "a…@example.org"
