"""Parses server-sent events as Datastar does."""

from __future__ import annotations

from typing import NamedTuple


class SseEvent(NamedTuple):
    """One event. Shapes: data maps the first word of each data line to the rest of the line."""

    type: str
    data: dict[str, str]


class SseReader:
    """An incremental parser of an event stream; comments are skipped."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Parse a chunk; returns the events that it completes."""
        *blocks, self._buffer = (self._buffer + chunk).split(b"\n\n")
        return [event for block in blocks if (event := _event(block.decode())) is not None]


def _event(block: str) -> SseEvent | None:
    event, data = "", dict[str, str]()
    for line in block.split("\n"):
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            name, _, value = line[6:].partition(" ")
            data[name] = f"{data[name]}\n{value}" if name in data else value
    return SseEvent(event, data) if event else None
