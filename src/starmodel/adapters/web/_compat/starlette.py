"""Private names of Starlette."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request


def request_with_body(scope: Any, body: bytes | None) -> Request:
    """A Starlette request with a body that is already read, so it needs no `receive`.

    With `body` None the body is unread, and reading it raises RuntimeError.
    """
    request = Request(scope)
    if body is not None:
        request._body = body
    return request
