"""A request, read once and within limits, without a framework's request object."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from starmodel.adapters.web.http.bodies.form_fields import nested_fields
from starmodel.adapters.web.http.bodies.multipart import MAX_FIELDS, multipart_pairs
from starmodel.adapters.web.http.bodies.urlencoded import urlencoded_pairs
from starmodel.adapters.web.http.negotiation import accepts_gzip, content_codings, representation
from starmodel.adapters.web.http.routing import SLASH
from starmodel.adapters.web.settings import WebSettings
from starmodel.core.errors import RequestError
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.core.values.bounds import BoundsError, read_json

MAX_CONTENT_TYPE_BYTES = 512
MAX_LENGTH_DIGITS = 18
_CHARSET = re.compile(rb";[ \t]*charset[ \t]*=[ \t]*([^;]*)", re.IGNORECASE)
_UTF_8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})  # ASCII is a subset
_LISTS = {
    b"cookie": b"; ", b"accept": b", ", b"accept-encoding": b", ", b"accept-language": b", ",
    b"if-match": b", ", b"if-none-match": b", ",
}  # fmt: skip
_PREFETCH = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_NO_FIELDS = b"{}"
_NO_QUERY: Mapping[str, str] = MappingProxyType({})
_queries: BoundedCache[bytes, Mapping[str, str]] = BoundedCache(512 * 1024)
"""A cache of parsed queries: rendered actions have few distinct ones."""
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class HttpRequest:
    """One HTTP request: headers by lower-case name, and a body read within limits.

    Shapes: is_bearer is True for a request with a bearer token, which
    authenticates it instead of cookies. files are those of a form, once the
    body is read.
    """

    __slots__ = (
        "_body", "_limits", "_receive", "content_type", "files", "headers", "is_bearer",
        "is_datastar", "max_body_bytes", "method", "path", "scope",
    )  # fmt: skip

    def __init__(self, scope: Any, receive: Any, limits: WebSettings) -> None:
        self.scope, self._receive, self._limits = scope, receive, limits
        self._body: bytes | None = None
        self.files: Sequence[tuple[str, Any]] = ()
        lines = scope["headers"]
        headers: dict[bytes, bytes] = dict(lines)
        if len(headers) < len(lines):
            _join_repeated(headers, lines)
        self.headers = headers
        token = headers.get(b"authorization")
        self.is_bearer = token is not None and token[:7].lower() == b"bearer "
        self.is_datastar = b"datastar-request" in headers
        self.method: str = scope["method"]
        self.max_body_bytes = limits.max_body_bytes
        kind = headers.get(b"content-type", b"")
        # The body's media type, lower-cased, without parameters; "" for none.
        self.content_type = "application/json"
        if kind != b"application/json":
            self.content_type = kind.decode("latin-1").partition(";")[0].strip().lower()
        path, root = scope["path"], scope.get("root_path", "").rstrip("/")
        self.path: str = path[len(root) :] if root and path.startswith(f"{root}/") else path

    def header(self, name: bytes) -> str:
        """The decoded value of a header, "" when absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def receive(self) -> Any:
        """The ASGI `receive` of the request, which also reports a closed connection."""
        return self._receive

    @property
    def takes_gzip(self) -> bool:
        encodings = self.headers.get(b"accept-encoding")
        return encodings is not None and accepts_gzip(encodings)

    @property
    def content_codings(self) -> tuple[str, ...]:
        """The codings that a stored file may have, the smallest first."""
        return content_codings(self.headers.get(b"accept-encoding", b""))

    @property
    def wants_html(self) -> bool:
        """True for a browser that requests a page."""
        return representation(self.headers.get(b"accept")) == "html"

    @property
    def wants_json(self) -> bool:
        """True for an API client: Accept prefers JSON, or is absent."""
        return representation(self.headers.get(b"accept")) == "json"

    @property
    def wants_stream(self) -> bool:
        """True for a client that prefers a stream of newline-delimited JSON."""
        return representation(self.headers.get(b"accept")) == "ndjson"

    def check_acceptable(self) -> None:
        """Raises: RequestError 406, when Accept allows no representation."""
        if representation(self.headers.get(b"accept")) is None and not self.is_datastar:
            raise RequestError(
                "This is available as text/html, application/json and application/x-ndjson.",
                status=406,
            )

    @property
    def is_scripted_get(self) -> bool:
        """True for a GET from a script or an API client, not from a link, URL bar or prefetch."""
        headers = self.headers
        return (
            (
                self.is_datastar
                or (self.wants_json and b"application/json" in headers.get(b"accept", b""))
            )
            and headers.get(b"sec-fetch-mode", b"").lower() != b"navigate"
            and headers.get(b"sec-fetch-dest", b"empty").lower() == b"empty"
            and not any(name in headers for name in _PREFETCH)
        )

    @property
    def route_path(self) -> str:
        """The decoded path, with SLASH for each percent-encoded slash."""
        raw: bytes = self.scope.get("raw_path") or b""
        if b"%2" not in raw or b"%2f" not in raw.lower():
            return self.path
        parts = raw.partition(b"?")[0].decode("latin-1").split("/")
        whole = "/".join(unquote(part).replace("/", SLASH) for part in parts)
        return whole[len(self.scope["path"]) - len(self.path) :]

    @property
    def normalized_url(self) -> bytes:
        """The path and query as sent, without empty path segments."""
        raw: bytes = self.scope.get("raw_path") or quote(self.scope["path"]).encode()
        path = re.sub(rb"/{2,}", b"/", raw.partition(b"?")[0]).rstrip(b"/")
        query: bytes = self.scope["query_string"]
        return path + (b"?" + query if query else b"")

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters, the last of a repeated one, without Datastar's."""
        text: bytes = self.scope["query_string"]
        if not text:
            return _NO_QUERY
        found = _queries.get(text)
        if found is None:
            found = _queries.put(text, MappingProxyType(dict(_pairs(text))))
        if self.is_datastar and "datastar" in found:
            return MappingProxyType({k: v for k, v in found.items() if k != "datastar"})
        return found

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The query parameters in their order, repeated ones too."""
        return _pairs(self.scope["query_string"])

    def check_repeated(self) -> None:
        """Reject a query with a repeated parameter. Raises: RequestError."""
        pairs = _pairs(self.scope["query_string"])
        if len(pairs) == len(self.query):
            return
        counts = Counter(name for name, _ in pairs)
        repeated = next((name for name, count in counts.items() if count > 1), None)
        if repeated is not None:
            raise RequestError(
                f"{repeated[:80]!r} is asked for {counts[repeated]} times; expected once."
            )

    @property
    def signals_in_query(self) -> dict[str, Any]:
        """The signals that Datastar sends in the query of GET and DELETE requests."""
        text = dict(_pairs(self.scope["query_string"])).get("datastar")
        return self.parsed(text.encode(), "signals") if text else {}

    @property
    def is_form(self) -> bool:
        """True for an urlencoded or multipart form body."""
        return self.content_type in FORM_TYPES

    def check_head(self) -> None:
        """Reject URLs, body lengths and content types that can't be parsed.

        Only UTF-8 is decoded: clients don't choose the codec.

        Raises: RequestError, 415 for another charset, else 400.
        """
        if "\0" in self.path:
            raise RequestError("The address has a NUL character.")
        if self.scope["query_string"].count(b"&") >= MAX_FIELDS:
            raise RequestError(f"The address has more than {MAX_FIELDS} parameters.")
        length = self.headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > MAX_LENGTH_DIGITS:
            raise RequestError(f"Content-Length is {length[:80]!r}; expected a number.")
        kind = self.headers.get(b"content-type")
        if kind is None or kind == b"application/json":
            return
        if len(kind) > MAX_CONTENT_TYPE_BYTES:
            raise RequestError(
                f"Content-Type has {len(kind)} bytes; expected at most {MAX_CONTENT_TYPE_BYTES}."
            )
        for named in _CHARSET.findall(kind):
            if named.strip(b" \t\"'").lower() not in _UTF_8:
                raise RequestError(
                    "Only UTF-8 can be read here; send the body as UTF-8.", status=415
                )

    def check_json(self, body: bytes) -> None:
        """Reject JSON beyond a bound; malformed JSON passes. Raises: RequestError."""
        try:
            read_json(body, self._limits.bounds)
        except BoundsError as error:
            raise RequestError(f"The body {error}.") from error
        except ValueError:
            return

    async def body(self) -> bytes:
        """The whole body. Raises: RequestError 413, beyond the limit."""
        if self._body is not None:
            return self._body
        remaining = self.max_body_bytes
        if int(self.headers.get(b"content-length", b"0")) > remaining:
            raise self.too_large()
        parts: list[bytes] = []
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise RequestError("The request ended before its body was complete.")
            part, more = message.get("body", b""), message.get("more_body", False)
            parts.append(part)
            remaining -= len(part)
            if remaining < 0:
                raise self.too_large()
        self._body = b"".join(parts)
        return self._body

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises: RequestError, for anything else."""
        body = await self.body()
        return {} if not body or body == _NO_FIELDS else self.parsed(body, "body")

    async def form(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields of a form post, and its files. Raises: RequestError."""
        body = await self.body()
        if self.content_type != "multipart/form-data":
            return nested_fields(urlencoded_pairs(body), self._limits.bounds), {}
        pairs = multipart_pairs(self.header(b"content-type"), body)
        texts = [(k, v) for k, v in pairs if isinstance(v, str)]
        self.files = [(k, v) for k, v in pairs if not isinstance(v, str)]
        files = [(k, v) for k, v in self.files if v.filename]
        times = Counter(name for name, _ in files)
        # Repeated file fields form a list, as from a multiple-file input.
        named = [(f"{k}[]" if times[k] > 1 and not k.endswith("[]") else k, v) for k, v in files]
        return nested_fields(texts, self._limits.bounds), nested_fields(named)

    async def fields(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields and files of a JSON object or form; both empty without a body.

        Raises: RequestError, 415 for another type of body.
        """
        kind = self.content_type
        if kind == "application/json":
            return await self.json(), {}
        if kind in FORM_TYPES:
            return await self.form()
        if await self.body():
            raise RequestError(
                f"A body of type {kind[:80]!r} can't be read; send JSON or a form.",
                status=415,
            )
        return {}, {}

    def close_files(self) -> None:
        """Close the files of a form."""
        for _, file in self.files:
            file.file.close()

    def for_events(self) -> Any:
        """The Starlette request for event parameters; its body can still be read."""
        from starmodel.adapters.web._compat.starlette import request_with_body

        return request_with_body(self.scope, self._body)

    def parsed(self, text: bytes, what: str) -> dict[str, Any]:
        """Parse a JSON object within the bounds. Raises: RequestError, for anything else."""
        if text == _NO_FIELDS:
            return {}
        try:
            data = read_json(text, self._limits.bounds)
        except BoundsError as error:
            raise RequestError(f"The {what} {error}.") from error
        except ValueError as error:
            raise RequestError(f"The {what} is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise RequestError(f"The {what} is {type(data).__name__}; expected a JSON object.")
        return data

    def too_large(self) -> RequestError:
        """The error for a body beyond the limit."""
        return RequestError(
            f"The request's body is larger than {self._limits.max_body_bytes} bytes.", status=413
        )


def _join_repeated(headers: dict[bytes, bytes], lines: Any) -> None:
    """Join repeated list headers into one value; HTTP/2 clients split Cookie too."""
    for name, separator in _LISTS.items():
        if name in headers:
            values = [value for each, value in lines if each == name]
            if len(values) > 1:
                headers[name] = separator.join(values)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)
