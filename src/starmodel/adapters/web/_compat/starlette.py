"""Undocumented names of Starlette."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request


def request_with_body(scope: Any, body: bytes | None) -> Request:
    """A request whose body was read before, so that it needs no `receive`; None for an unread one.

    Without a body and without `receive`, reading the body raises RuntimeError.
    """
    request = Request(scope)
    if body is not None:
        request._body = body
    return request
