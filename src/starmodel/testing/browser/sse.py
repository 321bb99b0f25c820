"""Server-sent events, read as Datastar reads them."""

from __future__ import annotations

from typing import NamedTuple


class SseEvent(NamedTuple):
    """One event. Shapes: data maps Datastar's own words to their text."""

    type: str
    data: dict[str, str]


class SseReader:
    """Takes a reply as it comes, in pieces, and gives its events; comments are skipped."""

    def __init__(self) -> None:
        self._bytes = b""

    def feed(self, piece: bytes) -> list[SseEvent]:
        """The events that this piece completes."""
        *blocks, self._bytes = (self._bytes + piece).split(b"\n\n")
        return [made for block in blocks if (made := _event(block.decode())) is not None]


def _event(block: str) -> SseEvent | None:
    event, data = "", dict[str, str]()
    for line in block.split("\n"):
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            name, _, value = line[6:].partition(" ")
            data[name] = f"{data[name]}\n{value}" if name in data else value
    return SseEvent(event, data) if event else None
