"""Body limits for user routes, equal to those for events."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.http.request import HttpRequest

JSON = "application/json"


def within_limits(request: HttpRequest, receive: Any) -> Any:
    """A `receive` that enforces the body limits of a user route.

    A JSON body is read and validated before the handler receives it, because
    frameworks parse JSON recursively. Other bodies are counted while they stream.

    Raises: RequestError, 413, at once for a Content-Length beyond the limit,
    otherwise from `receive`; 400 from `receive` for JSON beyond a bound.
    """
    if int(request.headers.get(b"content-length", b"0")) > request.max_body_bytes:
        raise request.too_large()
    remaining, checked = request.max_body_bytes, request.content_type != JSON

    async def counted() -> Any:
        nonlocal remaining, checked
        if not checked:
            checked = True
            body = await request.body()
            request.check_json(body)
            return {"type": "http.request", "body": body, "more_body": False}
        message = await receive()
        remaining -= len(message.get("body", b""))
        if remaining < 0:
            raise request.too_large()
        return message

    return counted
