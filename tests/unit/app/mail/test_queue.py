"""The mail queue: after the answer, bounded, repeated, and silent about contents."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

import pytest

from starmodel.app.mail.queue import MAX_AT_ONCE, MailQueue
from starmodel.core.errors import ConfigurationError
from starmodel.mail import Mailbox, MailError, MailMessage, MailRefusedError

LINK = "https://shop.example/reset?token=abc"


def message(to: str = "ann@example.org") -> MailMessage:
    return MailMessage(to, "Reset", f"Open {LINK} or type 123456", f"<a href='{LINK}'>x</a>")


class Failing(Mailbox):
    """Fails with each of these in turn, then delivers."""

    def __init__(self, *failures: BaseException) -> None:
        super().__init__()
        self.failures, self.attempts, self.checks, self.closed = list(failures), 0, 0, 0

    async def send(self, message: MailMessage) -> None:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        await super().send(message)

    async def check(self) -> None:
        self.checks += 1
        if self.failures:
            raise self.failures.pop(0)

    async def close(self) -> None:
        self.closed += 1


class Waiting(Mailbox):
    """Delivers when it is let; counts the messages in delivery."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.now, self.most = asyncio.Event(), 0, 0

    async def send(self, message: MailMessage) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await self.gate.wait()
        self.now -= 1
        await super().send(message)


class Delays:
    """Records delays instead of waiting."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, delay_s: float) -> Awaitable[None]:
        self.slept.append(delay_s)
        return asyncio.sleep(0)


async def test_send_returns_before_delivery() -> None:
    box = Waiting()
    queue = MailQueue(box)
    assert queue.send(message())
    assert box.messages == []
    box.gate.set()
    await queue.idle(timeout_s=10)
    assert box.messages == [message()]


async def test_temporary_failure_is_repeated_after_growing_delays() -> None:
    box, delays = Failing(MailError("busy"), OSError("reset"), MailError("busy")), Delays()
    queue = MailQueue(box, sleep=delays)
    queue.send(message())
    await queue.idle(timeout_s=10)
    assert box.messages == [message()]
    assert delays.slept == sorted(delays.slept)
    assert len(set(delays.slept)) == 3


async def test_refused_message_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    box, delays = Failing(MailRefusedError("no such mailbox")), Delays()
    queue = MailQueue(box, sleep=delays)
    queue.send(message())
    await queue.idle(timeout_s=10)
    assert (box.attempts, delays.slept) == (1, [])
    assert "Mail to a…@example.org was refused: no such mailbox" in caplog.text
    await queue.check()  # the server works


async def test_message_is_given_up_after_its_last_attempt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    box, delays = Failing(*[MailError("down") for _ in range(9)]), Delays()
    queue = MailQueue(box, sleep=delays, retry_delays_s=(1, 2))
    queue.send(message())
    await queue.idle(timeout_s=10)
    assert (box.attempts, delays.slept) == (3, [1, 2])
    assert "was not sent: down" in caplog.text


async def test_logs_have_no_content_link_code_or_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    text = f"refuses\nOpen {LINK} or type 123456, secret-password"
    box = Failing(MailError(text), MailRefusedError(text))
    queue = MailQueue(box, sleep=Delays(), hide=lambda text: text.replace("secret-password", "…"))
    queue.send(message())
    await queue.idle(timeout_s=10)
    for secret in ("token", "123456", "secret-password", "ann@", "Reset"):
        assert secret not in caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records)


async def test_full_queue_drops_new_messages(caplog: pytest.LogCaptureFixture) -> None:
    box = Waiting()
    queue = MailQueue(box, max_waiting=3)
    assert [queue.send(message(f"u{n}@example.org")) for n in range(5)] == [True] * 3 + [False] * 2
    assert caplog.text.count("the queue is full") == 2
    box.gate.set()
    await queue.idle(timeout_s=10)
    assert len(box.messages) == 3
    assert queue.send(message())
    await queue.idle(timeout_s=10)


async def test_few_messages_are_delivered_at_once() -> None:
    box = Waiting()
    queue = MailQueue(box)
    for number in range(20):
        queue.send(message(f"u{number}@example.org"))
    for _ in range(50):
        await asyncio.sleep(0)
    box.gate.set()
    await queue.idle(timeout_s=10)
    assert (box.most, len(box.messages)) == (MAX_AT_ONCE, 20)


async def test_failing_message_does_not_hold_up_others() -> None:
    gate = asyncio.Event()
    box = Failing(MailError("greylisted"))

    async def sleep(delay_s: float) -> None:
        await gate.wait()

    queue = MailQueue(box, sleep=sleep)
    queue.send(message("late@example.org"))
    for number in range(8):
        queue.send(message(f"u{number}@example.org"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(box.messages) == 8
    gate.set()
    await queue.idle(timeout_s=10)
    assert box.messages[-1].to == "late@example.org"


async def test_check_probes_once_and_after_some_time() -> None:
    now = [1000.0]
    box = Failing()
    queue = MailQueue(box, clock=lambda: now[0])
    await queue.check()
    await queue.check()
    assert box.checks == 1
    now[0] += 301
    await queue.check()
    assert box.checks == 2


async def test_check_fails_until_mail_works_again() -> None:
    now = [1000.0]
    box = Failing(MailError("down"), MailError("still down"))
    queue = MailQueue(box, clock=lambda: now[0], sleep=Delays(), retry_delays_s=())
    queue.send(message())
    await queue.idle(timeout_s=10)
    with pytest.raises(MailError, match=r"^down$"):
        await queue.check()
    assert box.checks == 0  # a load balancer that asks often is no reason to connect often
    now[0] += 31
    with pytest.raises(MailError, match=r"^still down$"):
        await queue.check()
    now[0] += 31
    await queue.check()
    assert box.checks == 2


async def test_close_sends_what_waits_and_logs_what_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    box = Failing()
    queue = MailQueue(box)
    queue.send(message())
    await queue.close(timeout_s=10)
    assert (len(box.messages), box.closed) == (1, 1)
    stuck = Waiting()
    queue = MailQueue(stuck)
    queue.send(message())
    await asyncio.sleep(0)
    await queue.close(timeout_s=0)
    assert "1 messages were not sent" in caplog.text


async def test_application_without_mailer_can_not_send() -> None:
    queue = MailQueue()
    assert not queue.is_available
    with pytest.raises(ConfigurationError, match=r"mail_url.*mail_from"):
        queue.send(message())
    await queue.check()
    await queue.close(timeout_s=0)


async def test_thread_may_send() -> None:
    box = Mailbox()
    queue = MailQueue(box)
    with pytest.raises(ConfigurationError, match="while the application runs"):
        await asyncio.to_thread(queue.send, message())
    queue.attach(asyncio.get_running_loop())
    assert await asyncio.to_thread(queue.send, message())
    await asyncio.sleep(0)
    await queue.idle(timeout_s=10)
    assert box.messages == [message()]


async def test_composed_message_is_made_after_the_answer() -> None:
    box, made = Mailbox(), list[str]()
    queue = MailQueue(box)

    async def make() -> MailMessage | None:
        made.append("made")
        return message() if len(made) == 1 else None

    assert queue.compose(make, about="a…@example.org")
    assert queue.compose(make, about="a…@example.org")
    for _ in range(20):  # the response takes more than one turn of the event loop
        await asyncio.sleep(0)
    assert made == []
    await queue.idle(timeout_s=10)
    assert (made, box.messages) == (["made"] * 2, [message()])


async def test_failure_to_compose_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    queue = MailQueue(Mailbox())

    async def make() -> MailMessage | None:
        return MailMessage("no address", "Hello", "Text")

    queue.compose(make, about="a…@example.org")
    await queue.idle(timeout_s=10)
    assert "Mail to a…@example.org could not be made" in caplog.text


def test_queue_serves_one_event_loop_after_another() -> None:
    box = Mailbox()
    queue = MailQueue(box)

    async def send() -> None:
        for number in range(9):
            queue.send(message(f"u{number}@example.org"))
        await queue.idle(timeout_s=10)

    asyncio.run(send())
    asyncio.run(send())
    assert len(box.messages) == 18
