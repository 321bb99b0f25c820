"""Bodies that the application's own routes read: within the same limits as those of events."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.http.request import Incoming

JSON = "application/json"


def within_limits(request: Incoming, receive: Any) -> Any:
    """The `receive` of a route that reads the body itself.

    A JSON body is read and checked before the route gets any of it, because
    frameworks parse it by recursion. Other bodies are counted as they come.

    Raises: RequestError, 413, at once for a Content-Length beyond the limit
    and else from `receive`; 400 from `receive` for JSON beyond a bound.
    """
    if int(request.headers.get(b"content-length", b"0")) > request.max_body_bytes:
        raise request.too_large()
    room, checked = request.max_body_bytes, request.content_type != JSON

    async def counted() -> Any:
        nonlocal room, checked
        if not checked:
            checked = True
            body = await request.body()
            request.check_json(body)
            return {"type": "http.request", "body": body, "more_body": False}
        message = await receive()
        room -= len(message.get("body", b""))
        if room < 0:
            raise request.too_large()
        return message

    return counted
