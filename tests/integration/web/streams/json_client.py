"""A client of JSON streams in process, which applies patches as the guide describes."""

from __future__ import annotations

import json
from typing import Any

from integration.web.browser import Browser, Stream

NDJSON = "application/x-ndjson"


class JsonStream(Stream):
    """One open stream. Shapes: state has the fields of an entity, or the rows of a list."""

    def __init__(self, browser: Browser, url: str, **headers: str) -> None:
        cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
        own = {"accept": NDJSON} | ({"cookie": cookie} if cookie else {})
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(browser.app, url, own | more)
        self.state: Any = None
        self.version: int | None = None
        self.total: int | None = None

    async def _send(self, message: Any) -> None:
        body = message.get("body", b"")
        await super()._send({**message, "body": body.replace(b"\n", b"\n\n")})

    async def patch(self, wait: float = 2) -> Any:
        """The next line that is no heartbeat, applied to the state."""
        while True:
            patch = json.loads(await self.block(wait))
            if patch["type"] != "heartbeat":
                self.apply(patch)
                return patch

    async def silent(self, wait: float = 0.05) -> bool:
        """True when only heartbeats arrive within the timeout."""
        try:
            await self.patch(wait)
        except TimeoutError:
            return True
        return False

    def apply(self, patch: Any) -> None:
        if patch["type"] == "snapshot":
            self.state = patch["state"] if "state" in patch else patch["items"]
            self.total = patch.get("total")
        elif patch["type"] == "patch":
            assert patch["base"] == self.version
            self.state = changed_rows(self.state, patch) if "items" in patch else self._set(patch)
            self.total = patch.get("total", self.total)
        else:
            self.state = None
        self.version = patch["version"]

    def _set(self, patch: Any) -> Any:
        fields = {**self.state, **patch["set"]}
        return {name: value for name, value in fields.items() if name not in patch["unset"]}


def changed_rows(rows: Any, patch: Any) -> Any:
    """The rows of a list after a patch."""
    by_id = {row["id"]: row for row in [*rows, *patch["items"]]}
    order = patch.get("order", [row["id"] for row in rows])
    return [by_id[id] for id in order]
