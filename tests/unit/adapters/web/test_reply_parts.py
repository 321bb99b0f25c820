"""Streamed replies: bounded memory for a slow reader, and no blocked event."""

from __future__ import annotations

import asyncio

from starmodel.adapters.web.resources.events.reply_parts import ReplyParts


async def read(parts: ReplyParts) -> list[bytes]:
    made = []
    while (part := await parts.get()) is not None:
        made.append(part)
    return made


async def test_parts_come_in_order_and_end_after_finish() -> None:
    parts = ReplyParts()
    for number in range(3):
        await parts.put(b"%d" % number)
    parts.finish()
    await parts.put(b"late")
    assert await read(parts) == [b"0", b"1", b"2"]
    assert not parts.skipped


async def test_writer_waits_for_a_reader_that_catches_up() -> None:
    parts = ReplyParts(max_bytes=100, patience_s=5)
    writer = asyncio.create_task(asyncio.wait_for(_write(parts, 10), 2))
    await asyncio.sleep(0.01)
    assert not writer.done()
    assert parts._bytes <= 100
    assert len(await read(parts)) == 10
    await writer
    assert not parts.skipped


async def test_newer_parts_replace_the_oldest_after_the_timeout() -> None:
    parts = ReplyParts(max_bytes=100, patience_s=0.02)
    await asyncio.wait_for(_write(parts, 50), 1)
    assert parts._bytes <= 100
    assert parts.skipped
    assert await read(parts) == [b"%040d" % 48, b"%040d" % 49]


async def test_part_larger_than_the_bound_waits_alone() -> None:
    parts = ReplyParts(max_bytes=100, patience_s=0)
    for number in (1, 2):
        await parts.put(b"%d" % number * 300)
    parts.finish()
    assert await read(parts) == [b"2" * 300]


async def test_abandoned_reply_frees_its_parts_and_unblocks_the_writer() -> None:
    parts = ReplyParts(max_bytes=100, patience_s=60)
    writer = asyncio.create_task(_write(parts, 50))
    await asyncio.sleep(0.01)
    parts.abandon()
    await asyncio.wait_for(writer, 1)
    assert (parts._bytes, len(parts._parts)) == (0, 0)


async def _write(parts: ReplyParts, count: int) -> None:
    for number in range(count):
        await parts.put(b"%040d" % number)
    parts.finish()
