"""Server-sent events: named events with keyword data, as Datastar reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from starmodel.adapters.transports.http import HttpTransport

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class NamedEvent(Protocol):
    """A patch that this transport can frame. Shapes: data has keywords and their texts."""

    @property
    def event(self) -> str: ...
    @property
    def data(self) -> Iterable[tuple[str, str]]: ...


def frame(patches: Sequence[NamedEvent]) -> bytes:
    """One event for each patch; a text of several lines becomes several lines of its keyword."""
    parts: list[str] = []
    for patch in patches:
        parts.append(f"event: {patch.event}\n")
        for keyword, text in patch.data:
            if "\n" in text or "\r" in text:
                parts += [f"data: {keyword} {line}\n" for line in _LINE_BREAK.split(text)]
            else:
                parts.append(f"data: {keyword} {text}\n")
        parts.append("\n")
    return "".join(parts).encode()


SSE = HttpTransport(b"text/event-stream", frame, b": still here\n\n")
"""Server-sent events, the transport of pages by default."""
