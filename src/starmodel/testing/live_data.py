"""A client of JSON streams: state that follows each change, without a page."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from starmodel.testing.browser.asgi import Cookies
from starmodel.testing.browser.stream import Connection

NDJSON = "application/x-ndjson"


class LiveData:
    """A record, scoped entity or list that a visitor follows, as `Visitor.follow` returns it.

    Shapes: state has the public fields of an entity or the rows of a list, None before the
    first patch and after a removal; total is that of a list with `?total=1`; patches are all
    that arrived, oldest first; status is that of the response.
    """

    def __init__(self, app: Any, close: Callable[[LiveData], None]) -> None:
        self.state: Any = None
        self.total: int | None = None
        self.patches: list[dict[str, Any]] = []
        self.status = 0
        self._close = close
        self.connection = Connection(app, self._apply, self._on_end, accept=NDJSON)

    async def open(self, path: str, cookies: Cookies) -> None:
        """Send the request; returns after the first chunk of the response."""
        await self.connection.open(path, cookies)
        self.status = self.connection.status

    @property
    def is_open(self) -> bool:
        """False after the server or `close` has ended the stream."""
        return self.connection.is_open

    def close(self) -> None:
        """Disconnect."""
        self._close(self)

    def _on_end(self, status: int) -> None:
        self.status = status

    def _apply(self, patch: Any) -> None:
        patch = copy.deepcopy(patch)  # shared with other streams
        self.patches.append(patch)
        if patch["type"] == "snapshot":
            self.state = patch["state"] if "state" in patch else patch["items"]
        elif patch["type"] != "patch":
            self.state = None
        elif "items" in patch:
            rows = {row["id"]: row for row in [*self.state, *patch["items"]]}
            self.state = [rows[id] for id in patch.get("order", [row["id"] for row in self.state])]
        else:
            fields = {**self.state, **patch["set"]}
            self.state = {name: fields[name] for name in fields if name not in patch["unset"]}
        self.total = patch.get("total", self.total)
