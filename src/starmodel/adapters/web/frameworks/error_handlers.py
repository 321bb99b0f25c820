"""Exception handlers of the framework that send StarModel's error responses."""

from __future__ import annotations

import traceback
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from starmodel.adapters.web.errors.problems import Problem
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.core.errors import RequestError, StarModelError
from starmodel.texts.catalogue import Message

FIRST_ERROR = 400
_LIBRARIES = frozenset({"starlette", "fasthtml"})
POLICY_VIOLATION = 1008  # close code of WebSockets


def connect_errors(app: Any, gateway: Gateway, *, http_errors: bool) -> None:
    """Add the handlers that the application lacks; the user's take precedence.

    Shapes: http_errors also handles the framework's HTTPException, such as 404 and 405.
    """

    async def respond(request: Any, error: Exception) -> Response | None:
        if request.scope["type"] != "http":
            if not isinstance(error, StarModelError):
                raise error  # the server closes the WebSocket and logs the exception
            await request.close(POLICY_VIOLATION)  # before the handshake: 403
            return None
        return _ErrorResponse(gateway, error)

    kinds = [StarModelError, Exception, *([HTTPException] if http_errors else [])]
    for kind in kinds:
        # The framework has one handler for Exception and 500, and the last one counts.
        if kind is not Exception or 500 not in app.exception_handlers:
            app.exception_handlers.setdefault(kind, respond)


class _ErrorResponse(Response):
    """An error response in the representation that the request accepts."""

    def __init__(self, gateway: Gateway, error: Exception) -> None:
        super().__init__()
        self._gateway, self._error = gateway, error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        outer: Exchange = scope["starmodel.exchange"]
        exchange, error = outer.behind_middleware(send), self._error
        if isinstance(error, HTTPException):
            await self._send_http_error(exchange, error)
        elif self._gateway.framework.is_conversion_error(error):
            outer.is_client_error = True
            unreadable = RequestError(Message("problem.unreadable"))
            await self._gateway.error_responses.send_error(exchange, unreadable)
        else:
            outer.session.rollback()
            await self._gateway.error_responses.send_error(exchange, error)

    async def _send_http_error(self, exchange: Exchange, error: HTTPException) -> None:
        headers = error.headers or {}
        lines = [
            (name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()
        ]
        allowed = dict(lines).get(b"allow")
        if error.status_code < FIRST_ERROR:
            await exchange.empty(error.status_code, lines)
        elif error.status_code == 404:
            await self._gateway.error_responses.send_not_found(exchange)
        elif error.status_code == 405 and allowed is not None:
            await self._gateway.error_responses.send_not_allowed(
                exchange, allowed.decode("latin-1")
            )
        else:
            problem = self._problem(error)
            await self._gateway.error_responses.send(exchange, problem, headers=lines)

    def _problem(self, error: HTTPException) -> Problem:
        """The problem, with the text of a user's exception, and none of a library's."""
        text, status = self._gateway.application.texts.text, error.status_code
        if name := self._gateway.framework.missing_parameter(error):
            fields = {name: text("value.missing")}
            return Problem(status, text("problem.missing", name=name), fields)
        if status == 400 and _is_raised_by_library(error):
            return Problem(status, text("problem.unreadable"))
        return Problem(status, error.detail)


def _is_raised_by_library(error: HTTPException) -> bool:
    """Whether code of the framework raised the exception, such as its form parser."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    module = str(frames[-1].f_globals.get("__name__")) if frames else ""
    return module.partition(".")[0] in _LIBRARIES
