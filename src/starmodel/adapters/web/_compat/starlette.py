"""Private names of Starlette."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp


def request_with_body(scope: Any, body: bytes | None) -> Request:
    """A Starlette request with a body that is already read, so it needs no `receive`.

    With `body` None the body is unread, and reading it raises RuntimeError.
    """
    request = Request(scope)
    if body is not None:
        request._body = body
    return request


def wrap_router(router: Any, wrap: Callable[[ASGIApp], ASGIApp]) -> None:
    """Call `wrap(routes)` for each request that has passed the application's middleware."""
    router.middleware_stack = wrap(router.middleware_stack)


def wrap_lifespan(router: Any, wrap: Callable[[Any], Any]) -> None:
    """Replace the lifespan of the application: `wrap` gets and returns a context manager factory.

    The factory of an application without one yields None.
    """
    router.lifespan_context = wrap(router.lifespan_context)
