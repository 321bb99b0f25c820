"""Parses server-sent events of an application's own routes as Datastar does."""

from __future__ import annotations

from starmodel.adapters.frontends.datastar.patches import DatastarPatch


class SseReader:
    """An incremental parser of an event stream; comments are skipped."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, chunk: bytes) -> list[DatastarPatch]:
        """Parse a chunk; returns the events that it completes."""
        *blocks, self._buffer = (self._buffer + chunk).split(b"\n\n")
        return [patch for block in blocks if (patch := _patch(block.decode())) is not None]


def _patch(block: str) -> DatastarPatch | None:
    event, data = "", dict[str, str]()
    for line in block.split("\n"):
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            keyword, _, text = line[6:].partition(" ")
            data[keyword] = f"{data[keyword]}\n{text}" if keyword in data else text
    return DatastarPatch(event, tuple(data.items())) if event else None
