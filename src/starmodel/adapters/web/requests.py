"""Reading a request once, within limits, without building a framework's request object."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from pydantic_core import from_json

from starmodel.adapters.web.routes import SLASH
from starmodel.app.binding import without_zone
from starmodel.core.errors import RequestError


class Incoming:
    """One HTTP request: headers by lower-case name, and a body read within limits."""

    __slots__ = (
        "_body", "_files", "_max_bytes", "_max_depth", "_receive", "headers", "method",
        "path", "scope",
    )  # fmt: skip

    def __init__(self, scope: Any, receive: Any, *, max_bytes: int, max_depth: int) -> None:
        self.scope, self._receive = scope, receive
        self._max_bytes, self._max_depth = max_bytes, max_depth
        self._body: bytes | None = None
        self._files: list[tuple[str, Any]] = []
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        if len(self.headers) < len(scope["headers"]):  # HTTP/2 may send cookies one by one
            cookies = [value for name, value in scope["headers"] if name == b"cookie"]
            if len(cookies) > 1:
                self.headers[b"cookie"] = b"; ".join(cookies)
        self.method: str = scope["method"]
        path, root = scope["path"], scope.get("root_path", "").rstrip("/")
        self.path: str = path[len(root) :] if root and path.startswith(f"{root}/") else path

    def header(self, name: bytes) -> str:
        """The header's text, "" when absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def is_bearer(self) -> bool:
        """True for a request that brings a token: it identifies, and cookies don't count."""
        return self.headers.get(b"authorization", b"")[:7].lower() == b"bearer "

    @property
    def is_datastar(self) -> bool:
        return b"datastar-request" in self.headers

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
    def query(self) -> dict[str, str]:
        """The query's parameters but Datastar's own; of a repeated one the last."""
        text = self.scope["query_string"]
        return dict(_query(text)) if text else {}

    @property
    def signals_in_query(self) -> dict[str, Any]:
        """The signals that Datastar sends with GET and DELETE."""
        text = dict(parse_qsl(self.scope["query_string"].decode("latin-1"))).get("datastar")
        return self._json(text.encode(), "signals") if text else {}

    async def body(self) -> bytes:
        """The whole body. Raises: RequestError 413, beyond the limit."""
        if self._body is None:
            self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        length = self.headers.get(b"content-length", b"0")
        if not length.isdigit():
            raise RequestError(f"Content-Length is {length!r}; expected a number.")
        if int(length) > self._max_bytes:
            raise self._too_large()
        message = await self._next()
        data: bytes = message.get("body", b"")
        if message.get("more_body"):
            parts, size = [data], len(data)
            while message.get("more_body"):
                message = await self._next()
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > self._max_bytes:
                    raise self._too_large()
            data = b"".join(parts)
        if len(data) > self._max_bytes:
            raise self._too_large()
        return data

    async def _next(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise RequestError("The request ended before its body was complete.")
        return message

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
        self._files = [(k, v) for k, v in data.multi_items() if not isinstance(v, str)]
        files = [(k, v) for k, v in self._files if v.filename]
        return _gathered(texts), _gathered(files)

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

    def _json(self, text: bytes, what: str) -> dict[str, Any]:
        if text == b"{}":
            return {}
        brackets = text.count(b"[") + text.count(b"{")
        if brackets > self._max_depth and _depth(text) > self._max_depth:
            raise RequestError(f"The {what} is nested deeper than {self._max_depth} levels.")
        try:
            data = from_json(text, allow_inf_nan=False)  # orjson would round large integers
        except ValueError as error:
            raise RequestError(f"The {what} is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise RequestError(f"The {what} is {type(data).__name__}; expected a JSON object.")
        return data

    def _too_large(self) -> RequestError:
        return RequestError(
            f"The request's body is larger than {self._max_bytes} bytes.", status=413
        )


@functools.lru_cache(maxsize=1024)  # rendered actions ask with the same few
def _query(text: bytes) -> dict[str, str]:
    found = dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
    found.pop("datastar", None)
    return found


def _gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What a form's inputs say together.

    One value a name: a list for `name[]`, else the last (a checked box
    follows its "false"). `address.street` is part of `address`. Line breaks,
    which browsers send as CRLF, are "\\n". What inputs have no room for comes
    beside them: a name after "_several." is a list even when nothing was
    chosen, one after "_rest." a moment with zone and microseconds, and one
    after "_exact." has what the input sends for a value that it can't hold.
    """
    made: dict[str, Any] = {}
    beside: list[tuple[Callable[[Any, Any], Any], str, str]] = []
    for name, value in pairs:
        if isinstance(value, str):
            value = value.replace("\r\n", "\n")  # noqa: PLW2901 - as it was typed
        if name.startswith("_several."):
            beside.append((_in_order, name[9:], value))
            _put(made, name[9:], [])
        elif name.startswith("_rest."):
            beside.append((_whole, name[6:], value))
        elif name.startswith("_exact."):
            beside.append((_meant, name[7:], value))
        elif name.endswith("[]"):
            _put(made, name[:-2], value, add=True)
        else:
            _put(made, name, value)
    for complete, name, told in beside:
        within, last = _place(made, name)
        if last in within and isinstance(told, str):
            within[last] = complete(within[last], told)
            if within[last] is _NOTHING:
                del within[last]
    return made


_NOTHING = object()
MAX_PARTS = 8  # as deep as forms of nested models go


def _meant(sent: Any, told: str) -> Any:
    """The value that an input stands for while it sends what it began with."""
    shown, *value = _list(told) or (None,)
    if not isinstance(sent, str) or sent != shown:
        return sent
    return value[0] if value else _NOTHING


def _in_order(sent: Any, told: str) -> Any:
    """What was chosen, as it was before when that is the same."""
    if told == "null":
        return sent or None
    before = _list(told)
    if not isinstance(sent, list) or not before or not all(isinstance(i, str) for i in before):
        return sent
    return before if set(before) == set(sent) else sent


def _list(text: str) -> list[Any] | None:
    try:
        made = from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    return made if isinstance(made, list) else None


def _whole(sent: Any, told: str) -> Any:
    """A moment or time as it was while its input shows that; else what it shows, in that zone."""
    kind = datetime.datetime if "T" in told else datetime.time
    try:
        before, shown = kind.fromisoformat(told), kind.fromisoformat(sent)
    except (TypeError, ValueError):
        return sent
    if kind.fromisoformat(without_zone(before)) == shown:
        return told
    if isinstance(before, datetime.datetime):
        return sent if before.tzinfo is None else f"{sent}Z"
    return shown.replace(tzinfo=before.tzinfo).isoformat()


def _put(made: dict[str, Any], name: str, value: Any, *, add: bool = False) -> None:
    made, name = _place(made, name)
    if not add:
        made[name] = value
    elif isinstance(made.get(name), list):
        made[name].append(value)
    else:
        made[name] = [value]


def _place(made: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """Where the value of a name belongs: `address.street` into the dict `address`."""
    *heads, last = name.split(".")
    if len(heads) >= MAX_PARTS or not all((*heads, last)):
        return made, name
    for head in heads:
        within = made.setdefault(head, {})
        if not isinstance(within, dict):
            within = made[head] = {}
        made = within
    return made, last


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
