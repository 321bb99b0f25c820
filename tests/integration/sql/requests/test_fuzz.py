"""No request ends in a 5xx, and no response has data that its visitor may not read.

`FUZZ_CASES` is the number of requests for each database, `FUZZ_SEED` where they begin.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from integration.sql.requests.fuzz import SEALED, Basket, Board, Crate, Fuzzer, Letter, Sent
from starmodel import Entity, create_app, dispatch

log = logging.getLogger(__name__)
CASES = int(os.environ.get("FUZZ_CASES", "400"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
TIDY_EVERY = 200
MAX_WAIT_S = 20


async def answer(app: Any, sent: Sent) -> tuple[int, bytes]:
    """The status and the body, headers included, of one response."""
    path = unquote_to_bytes(sent.path).decode("utf-8", "replace")
    headers = {"host": "testserver"} | sent.headers
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": sent.method, "path": path, "root_path": "",
        "raw_path": sent.path.encode("utf-8"), "query_string": sent.query.encode("utf-8"),
        "client": ("127.0.0.1", 1), "server": ("testserver", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    messages = [{"type": "http.request", "body": sent.body, "more_body": False}]
    status, text = 0, b""

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, text
        if message["type"] == "http.response.start":
            named = dict(message["headers"])
            status = int(named.get(b"starmodel-status", message["status"]))
            text += b"\n".join(b": ".join(pair) for pair in message["headers"])
        text += message.get("body", b"")

    await asyncio.wait_for(app(scope, receive, send), MAX_WAIT_S)
    return status, text


def markup(body: bytes) -> bytes:
    """The part of a response that a browser parses as HTML."""
    if b"content-type: text/event-stream" in body:
        lines = body.split(b"\n")
        return b"".join(line for line in lines if line.startswith((b"data: elem", b"data: rows")))
    return body if b"content-type: text/html" in body else b""


async def tidy(fuzzer: Fuzzer) -> None:
    """Delete all but a few records of each type, so that every case costs the same."""
    classes: tuple[type[Entity], ...] = (Letter, Crate)
    for cls in classes:
        for record in (await cls.objects.list(order="-id"))[5:]:
            await dispatch(record.do.delete())
    crates, letters = await Crate.objects.list(), await Letter.objects.list()
    if not crates:
        await Crate.objects.create(name="first")
    if not any(SEALED in letter.text for letter in letters):
        await Letter.objects.create(text=SEALED)
    fuzzer.ids = [record.id for cls in classes for record in await cls.objects.list()]


async def test_random_requests_never_fail_or_disclose_secrets(
    any_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = create_app([Crate, Letter, Board, Basket], database_url=any_url, secret_key="k" * 40)

    @app.route("/own", methods=["GET", "POST"])
    def own(name: str = "", count: int = 0, weight: float = 0.0) -> Any:
        return {"name": name, "count": count, "weight": str(weight)}

    fuzzer, failed = Fuzzer(SEED), list[Any]()
    statuses: dict[int, int] = {}
    try:
        await app.starmodel.ready()
        for case in range(CASES):
            if case % TIDY_EVERY == 0:
                await tidy(fuzzer)
            sent = fuzzer.request()
            status, text = await answer(app, sent)
            statuses[status] = statuses.get(status, 0) + 1
            at = text.find(SEALED.encode())
            at = max(at, markup(text).find(b"<x-evil"))
            if status >= 500 or not status or at >= 0:
                failed.append((case, status, sent, text[max(at - 80, 0) : at + 80]))
    finally:
        await app.starmodel.close()
    log.info("%s cases: %s", CASES, dict(sorted(statuses.items())))
    assert not failed[:5], f"{len(failed)} of {CASES}"
