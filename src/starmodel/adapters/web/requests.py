"""Reading a request once, within limits, without building a framework's request object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote

from pydantic_core import from_json

from starmodel.adapters.web.form_fields import gathered
from starmodel.adapters.web.routes import SLASH
from starmodel.adapters.web.settings import WebSettings
from starmodel.core.bounded_cache import cached
from starmodel.core.errors import RequestError


class Incoming:
    """One HTTP request: headers by lower-case name, and a body read within limits.

    Shapes: is_bearer is True for a request that brings a token: it
    identifies, and cookies don't count.
    """

    __slots__ = (
        "_body", "_files", "_limits", "_receive", "headers", "is_bearer", "is_datastar", "method",
        "path", "scope",
    )  # fmt: skip

    def __init__(self, scope: Any, receive: Any, limits: WebSettings) -> None:
        self.scope, self._receive, self._limits = scope, receive, limits
        self._body: bytes | None = None
        self._files: Sequence[tuple[str, Any]] = ()
        sent = scope["headers"]
        headers: dict[bytes, bytes] = dict(sent)
        if len(headers) < len(sent):  # HTTP/2 may send cookies one by one
            cookies = [value for name, value in sent if name == b"cookie"]
            if len(cookies) > 1:
                headers[b"cookie"] = b"; ".join(cookies)
        self.headers = headers
        token = headers.get(b"authorization")
        self.is_bearer = token is not None and token[:7].lower() == b"bearer "
        self.is_datastar = b"datastar-request" in headers
        self.method: str = scope["method"]
        path, root = scope["path"], scope.get("root_path", "").rstrip("/")
        self.path: str = path[len(root) :] if root and path.startswith(f"{root}/") else path

    def header(self, name: bytes) -> str:
        """The header's text, "" when absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def takes_gzip(self) -> bool:
        return b"gzip" in self.headers.get(b"accept-encoding", b"")

    @property
    def wants_html(self) -> bool:
        """True for a browser that shows a page."""
        return b"text/html" in self.headers.get(b"accept", b"")

    @property
    def wants_json(self) -> bool:
        """True for an API caller: JSON is accepted and a page is not."""
        accept = self.headers.get(b"accept", b"")
        return b"application/json" in accept and b"text/html" not in accept

    @property
    def route_path(self) -> str:
        """The path with SLASH for each slash that is part of a name."""
        raw: bytes = self.scope.get("raw_path") or b""
        if b"%2" not in raw or b"%2f" not in raw.lower():
            return self.path
        parts = raw.partition(b"?")[0].decode("latin-1").split("/")
        whole = "/".join(unquote(part).replace("/", SLASH) for part in parts)
        return whole[len(self.scope["path"]) - len(self.path) :]

    @property
    def query(self) -> Mapping[str, str]:
        """The query's parameters but Datastar's own; of a repeated one the last."""
        return _query(self.scope["query_string"])

    @property
    def signals_in_query(self) -> dict[str, Any]:
        """The signals that Datastar sends with GET and DELETE."""
        text = dict(parse_qsl(self.scope["query_string"].decode("latin-1"))).get("datastar")
        return self.parsed(text.encode(), "signals") if text else {}

    async def body(self) -> bytes:
        """The whole body. Raises: RequestError 413, beyond the limit."""
        if self._body is not None:
            return self._body
        length, room = self.headers.get(b"content-length", b"0"), self._limits.max_body_bytes
        if not length.isdigit():
            raise RequestError(f"Content-Length is {length!r}; expected a number.")
        if int(length) > room:
            raise self._too_large()
        parts: list[bytes] = []
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise RequestError("The request ended before its body was complete.")
            part, more = message.get("body", b""), message.get("more_body", False)
            parts.append(part)
            room -= len(part)
            if room < 0:
                raise self._too_large()
        self._body = b"".join(parts)
        return self._body

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises: RequestError, for anything else."""
        body = await self.body()
        return self.parsed(body, "body") if body else {}

    async def form(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields of a form post, and its files. Raises: RequestError."""
        body = await self.body()
        if not self.header(b"content-type").startswith("multipart/form-data"):
            try:
                pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000)
            except ValueError as error:
                raise RequestError(f"The form can't be read: {error}.") from error
            return gathered(pairs), {}
        from starlette.requests import Request

        async def replay() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        from starlette.exceptions import HTTPException

        try:
            data = await Request(self.scope, replay).form(max_part_size=self._limits.max_body_bytes)
        except HTTPException as error:
            raise RequestError(f"The form can't be read: {error.detail}.") from error
        texts = [(k, v) for k, v in data.multi_items() if isinstance(v, str)]
        self._files = [(k, v) for k, v in data.multi_items() if not isinstance(v, str)]
        files = [(k, v) for k, v in self._files if v.filename]
        return gathered(texts), gathered(files)

    def close_files(self) -> None:
        """Let go of the files of a form."""
        for _, file in self._files:
            file.file.close()

    def for_events(self) -> Any:
        """Starlette's request, for events that ask for it; the body can still be read from it."""
        from starlette.requests import Request

        made = Request(self.scope)
        if self._body is not None:
            made._body = self._body
        return made

    def parsed(self, text: bytes, what: str) -> dict[str, Any]:
        """A JSON object within the limit of depth. Raises: RequestError, for anything else."""
        if text == b"{}":
            return {}
        brackets, deepest = text.count(b"[") + text.count(b"{"), self._limits.max_body_depth
        if brackets > deepest and _depth(text) > deepest:
            raise RequestError(f"The {what} is nested deeper than {deepest} levels.")
        try:
            data = from_json(text, allow_inf_nan=False)  # orjson would round large integers
        except ValueError as error:
            raise RequestError(f"The {what} is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise RequestError(f"The {what} is {type(data).__name__}; expected a JSON object.")
        return data

    def _too_large(self) -> RequestError:
        return RequestError(
            f"The request's body is larger than {self._limits.max_body_bytes} bytes.", status=413
        )


@cached(512 * 1024)  # rendered actions ask with the same few
def _query(text: bytes) -> Mapping[str, str]:
    found = dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
    found.pop("datastar", None)
    return MappingProxyType(found)


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
