"""Files as responses: streamed as attachments, which a browser saves and never renders."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

from starmodel.adapters.web.http.exchange import NO_STORE, Exchange, Header
from starmodel.core.events.results import Download

PART_BYTES = 64 * 1024
MAX_NAME_CHARS = 150
_UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|]+'
    r"|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"  # no letters
)


async def send_attachment(exchange: Exchange, download: Download) -> None:
    """Send the file; its parts are read while it is sent."""
    content = download.content
    if isinstance(content, str):
        content = content.encode()
    kind = download.kind.encode("latin-1", "replace")
    headers = attachment_headers(download.filename)
    if isinstance(content, bytes):
        await exchange.answer(200, kind, content, headers)
        return
    await exchange.start(200, kind, headers)
    async for part in _parts(content):
        if part:
            await exchange.part(part.encode() if isinstance(part, str) else part)
    await exchange.part(b"", last=True)


def attachment_headers(filename: str) -> list[Header]:
    """The headers of a file that is saved under this name."""
    name = safe_name(filename)
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return [
        (b"content-disposition", disposition.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"sandbox; default-src 'none'"),
        NO_STORE,
    ]


def safe_name(filename: str) -> str:
    """The name without folders, control characters and what file systems refuse.

    >>> safe_name("../a/b:c.csv"), safe_name("\\n")
    ('.._a_b_c.csv', 'download')
    """
    name = _UNSAFE.sub("_", filename).strip(" ._")
    if len(name) > MAX_NAME_CHARS:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: MAX_NAME_CHARS - 20]}{dot}{ending[:19]}" if dot else name[:MAX_NAME_CHARS]
    return name or "download"


async def _parts(content: object) -> AsyncIterator[bytes | str]:
    """The parts of a file, an iterator or an asynchronous one; the first two in threads."""
    if isinstance(content, Path):
        file = await asyncio.to_thread(content.open, "rb")
        try:
            while chunk := await asyncio.to_thread(file.read, PART_BYTES):
                yield chunk
        finally:
            await asyncio.to_thread(file.close)
    elif hasattr(content, "__aiter__"):
        async for each in content:
            yield each
    else:
        iterator: Iterator[bytes | str] = iter(content)  # type: ignore[call-overload]
        while (part := await asyncio.to_thread(_next, iterator)) is not None:
            yield part


def _next(iterator: Iterator[bytes | str]) -> bytes | str | None:
    return next(iterator, None)
