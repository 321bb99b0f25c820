"""Reading a request once, within limits, without building a framework's request object."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson

from starmodel.core.errors import RequestError


class Incoming:
    """One HTTP request: headers by lower-case name, and a body read within limits."""

    __slots__ = ("_max_bytes", "_max_depth", "_receive", "headers", "method", "path", "scope")

    def __init__(self, scope: Any, receive: Any, *, max_bytes: int, max_depth: int) -> None:
        self.scope, self._receive = scope, receive
        self._max_bytes, self._max_depth = max_bytes, max_depth
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]
        path, root = scope["path"], scope.get("root_path", "")
        self.path: str = path[len(root) :] if root and path.startswith(root) else path

    def header(self, name: bytes) -> str:
        """The header's text, "" when absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def is_datastar(self) -> bool:
        return b"datastar-request" in self.headers

    @property
    def wants_json(self) -> bool:
        """True for an API caller: JSON is accepted and a page is not."""
        accept = self.headers.get(b"accept", b"")
        return b"application/json" in accept and b"text/html" not in accept

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters but Datastar's own; of a repeated one the last."""
        text = self.scope["query_string"]
        if not text:
            return {}
        found = dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
        found.pop("datastar", None)
        return found

    @property
    def signals_in_query(self) -> dict[str, Any]:
        """The signals that Datastar sends with GET and DELETE."""
        text = dict(parse_qsl(self.scope["query_string"].decode("latin-1"))).get("datastar")
        return self._json(text.encode(), "signals") if text else {}

    async def body(self) -> bytes:
        """The whole body. Raises: RequestError 413, beyond the limit."""
        length = self.headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._max_bytes:
            raise self._too_large()
        message = await self._receive()
        data: bytes = message.get("body", b"")
        if message.get("more_body"):
            parts, size = [data], len(data)
            while message.get("more_body"):
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise RequestError("The request ended before its body was complete.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > self._max_bytes:
                    raise self._too_large()
            data = b"".join(parts)
        if len(data) > self._max_bytes:
            raise self._too_large()
        return data

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises: RequestError, for anything else."""
        body = await self.body()
        return self._json(body, "body") if body else {}

    async def form(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields of a form post, and its files. Raises: RequestError."""
        body = await self.body()
        if not self.header(b"content-type").startswith("multipart/form-data"):
            try:
                pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000)
            except ValueError as error:
                raise RequestError(f"The form can't be read: {error}.") from error
            return _gathered(pairs), {}
        from starlette.requests import Request

        async def replay() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        from starlette.exceptions import HTTPException

        try:
            data = await Request(self.scope, replay).form(max_part_size=self._max_bytes)
        except HTTPException as error:
            raise RequestError(f"The form can't be read: {error.detail}.") from error
        texts = [(k, v) for k, v in data.multi_items() if isinstance(v, str)]
        files = {k: v for k, v in data.multi_items() if not isinstance(v, str) and v.filename}
        return _gathered(texts), files

    def _json(self, text: bytes, what: str) -> dict[str, Any]:
        brackets = text.count(b"[") + text.count(b"{")
        if brackets > self._max_depth and _depth(text) > self._max_depth:
            raise RequestError(f"The {what} is nested deeper than {self._max_depth} levels.")
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise RequestError(f"The {what} is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise RequestError(f"The {what} is {type(data).__name__}; expected a JSON object.")
        return data

    def _too_large(self) -> RequestError:
        return RequestError(
            f"The request's body is larger than {self._max_bytes} bytes.", status=413
        )


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """One value a name: a list for `name[]`, else the last (a checked box follows its "false")."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            made.setdefault(name[:-2], []).append(value)
        else:
            made[name] = value
    return made


def _depth(text: bytes) -> int:
    """How deep brackets nest outside strings."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in text:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
