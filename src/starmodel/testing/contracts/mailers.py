"""The contract suite of mailers, for their authors."""
# ruff: noqa: S101 - its subclasses are tests

import abc
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from starmodel.app.ports.mailer import Mailer, MailError, MailMessage, MailRefusedError

TO = "ann@example.org"
LONG = f"https://shop.example/reset?token={'a1-_' * 100}"


class MailerContract(abc.ABC):
    """The contract of `starmodel.mail.Mailer`, as pytest tests.

    A subclass implements `mailer` and `received`. That of a mailer which connects to a server
    inherits `MailServerContract` instead.
    """

    @abc.abstractmethod
    def mailer(self) -> Mailer:
        """A new mailer."""

    @abc.abstractmethod
    def received(self) -> Sequence[MailMessage]:
        """The messages that were sent by the mailers of this test, in any order.

        Shapes: headers may have more than those of the sent message.
        """

    def test_text_and_html_arrive_as_they_were_sent(self) -> None:
        text = f"Grüße, 世界.\n.\n..dots\nFrom me\n\n{LONG}\n"
        message = MailMessage(TO, "Grüße an 世界", text, f"<p>Grüße, <a href='{LONG}'>世界</a></p>")
        (arrived,) = self._sent(message)
        assert (arrived.to, arrived.subject) == (message.to, message.subject)
        assert _lines(arrived.text) == _lines(message.text)
        assert _lines(arrived.html) == _lines(message.html)

    def test_message_without_html_arrives_without(self) -> None:
        (arrived,) = self._sent(MailMessage(TO, "Plain", "Only text."))
        assert (_lines(arrived.text), arrived.html) == (["Only text."], "")

    def test_long_subject_arrives_whole(self) -> None:
        subject = ("Zimmer für zwei Personen, " * 8)[:200].strip()
        assert self._sent(MailMessage(TO, subject, "x"))[0].subject == subject

    def test_further_headers_arrive(self) -> None:
        headers = {"Reply-To": "bob@example.org", "X-Order": "17"}
        (arrived,) = self._sent(MailMessage(TO, "Order", "x", headers=headers))
        assert {name: arrived.headers.get(name) for name in headers} == headers

    def test_concurrent_messages_are_not_mixed(self) -> None:
        messages = [MailMessage(f"u{n}@example.org", f"S{n}", f"T{n}") for n in range(8)]
        arrived = {(m.to, m.subject, m.text.strip()) for m in self._sent(*messages)}
        assert arrived == {(m.to, m.subject, m.text) for m in messages}

    def test_mailer_is_usable_after_close(self) -> None:
        mailer = self.mailer()

        async def send() -> None:
            await mailer.send(MailMessage(TO, "First", "x"))
            await mailer.close()
            await mailer.send(MailMessage(TO, "Second", "x"))
            await mailer.close()
            await mailer.close()

        asyncio.run(send())
        assert {m.subject for m in self.received()} == {"First", "Second"}

    def test_check_passes_and_sends_nothing(self) -> None:
        mailer = self.mailer()
        _run(mailer, mailer.check)
        assert len(self.received()) == 0

    def _sent(self, *messages: MailMessage) -> list[MailMessage]:
        mailer = self.mailer()

        async def send() -> None:
            await asyncio.gather(*(mailer.send(message) for message in messages))

        _run(mailer, send)
        return list(self.received())


class MailServerContract(MailerContract):
    """The contract of mailers that connect to a server, which may fail."""

    @abc.abstractmethod
    def refusing_mailer(self) -> Mailer:
        """A mailer whose server refuses messages to `TO` for good."""

    @abc.abstractmethod
    def unreachable_mailer(self) -> Mailer:
        """A mailer whose server can't be reached."""

    def test_refused_message_is_a_refusal(self) -> None:
        mailer = self.refusing_mailer()
        with pytest.raises(MailRefusedError):
            _run(mailer, lambda: mailer.send(MailMessage(TO, "Secret subject", "x")))

    def test_unreachable_server_is_a_temporary_failure(self) -> None:
        mailer = self.unreachable_mailer()
        calls: list[Callable[[], Awaitable[None]]] = [
            mailer.check, lambda: mailer.send(MailMessage(TO, "Subject", "x"))
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(MailError) as raised:
                _run(mailer, call)
            assert not isinstance(raised.value, MailRefusedError)

    def test_failure_has_no_content_of_the_message(self) -> None:
        mailer = self.refusing_mailer()
        with pytest.raises(MailError) as raised:
            _run(mailer, lambda: mailer.send(MailMessage(TO, "Subject", "content", "markup")))
        assert not {"content", "markup"} & set(str(raised.value).split())


def _run(mailer: Mailer, call: Callable[[], Awaitable[Any]]) -> None:
    async def run() -> None:
        try:
            await call()
        finally:
            await mailer.close()

    asyncio.run(run())


def _lines(text: str) -> list[str]:
    """The lines of a text; mail has other line ends, and may add one at the end."""
    return text.rstrip("\r\n").splitlines()
