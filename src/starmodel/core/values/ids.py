"""Ids of entities: UUIDs of version 7."""

from __future__ import annotations

import os
import time

_random: list[str] = []
if hasattr(os, "register_at_fork"):  # a child process must not repeat ids of its parent
    os.register_at_fork(after_in_child=_random.clear)


def _random_part() -> str:
    """The last two groups of an id; thread-safe.

    256 of them are read from the system's random source at a time: each read is a system call.
    """
    try:
        return _random.pop()
    except IndexError:
        text = os.urandom(8 * 256).hex()
        # The 8 says which variant of UUID this is.
        _random.extend(
            f"8{text[at : at + 3]}-{text[at + 3 : at + 15]}" for at in range(0, 4096, 16)
        )
        return _random_part()


def new_id() -> str:
    """A UUIDv7 as text: globally unique, ordered by creation time."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000  # orders the ids of one unit of work
    when = f"{milliseconds:012x}"
    return f"{when[:8]}-{when[8:]}-7{fraction:03x}-{_random_part()}"
