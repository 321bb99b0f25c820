"""The mailbox keeps the newest messages within bounds."""

from __future__ import annotations

from starmodel.mail import Mailbox, MailMessage


async def test_oldest_messages_are_dropped_at_the_maximum_number() -> None:
    box = Mailbox(max_messages=3)
    for number in range(5):
        await box.send(MailMessage("ann@example.org", f"S{number}", "x"))
    assert [kept.message.subject for kept in box.kept] == ["S2", "S3", "S4"]
    assert [kept.number for kept in box.kept] == [3, 4, 5]
    assert (box.find(1), box.find(5)) == (None, box.kept[-1])


async def test_oldest_messages_are_dropped_at_the_maximum_size() -> None:
    box = Mailbox(max_chars=100)
    for number in range(4):
        await box.send(MailMessage("ann@example.org", f"S{number}", "x" * 30, "y" * 10))
    assert [message.subject for message in box.messages] == ["S2", "S3"]
    await box.send(MailMessage("ann@example.org", "Large", "x" * 500))
    assert [message.subject for message in box.messages] == ["Large"]
    box.clear()
    assert box.messages == []
