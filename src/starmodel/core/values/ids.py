"""Ids of entities: UUIDs of version 7."""

from __future__ import annotations

import os
import time

_random: list[str] = []
if hasattr(os, "register_at_fork"):  # a child process must not repeat ids of its parent
    os.register_at_fork(after_in_child=_random.clear)


def _draw_random_parts() -> str:
    """Fill `_random` with the last two groups of many ids, since each read is a system call.

    Returns one more, which no other thread can take.
    """
    text = os.urandom(8 * 256).hex()
    # The 8 is the variant field of RFC 9562.
    parts = [f"8{text[at : at + 3]}-{text[at + 3 : at + 15]}" for at in range(0, 4096, 16)]
    one = parts.pop()
    _random.extend(parts)
    return one


def new_id() -> str:
    """A UUIDv7 as text: globally unique, ordered by creation time."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000  # orders the ids of one unit of work
    when = f"{milliseconds:012x}"
    try:
        random_part = _random.pop()
    except IndexError:
        random_part = _draw_random_parts()
    return f"{when[:8]}-{when[8:]}-7{fraction:03x}-{random_part}"
