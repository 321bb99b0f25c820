"""WebSocket handshakes: origin check and session."""

from __future__ import annotations

import logging
from typing import Any

from starmodel.adapters.web.http.csrf import OriginCheck
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.adapters.web.http.sessions import CookieSessions
from starmodel.adapters.web.resources.languages import LanguageChoice
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.application import Application
from starmodel.app.context import RequestContext, current_context
from starmodel.core.errors import StarModelError
from starmodel.core.values.log_text import log_text

log = logging.getLogger("starmodel.web")


class WebSockets:
    """Passes handshakes from allowed origins to the framework, and closes any others."""

    def __init__(
        self,
        application: Application,
        sessions: CookieSessions,
        origin: OriginCheck,
        settings: WebSettings,
        language: LanguageChoice | None = None,
    ) -> None:
        self._application, self._sessions = application, sessions
        self._origin, self._settings, self._language = origin, settings, language

    async def serve(self, scope: Any, receive: Any, send: Any, inner: Any) -> None:
        """Pass a WebSocket to the framework (`inner`); one from a foreign origin is closed."""
        request = HttpRequest({**scope, "method": "GET"}, receive, self._settings)
        try:
            self._origin.check(request)
            self._origin.check_origin(request)
        except StarModelError as error:
            log.warning("A WebSocket was refused: %s", log_text(error))
            await _close(receive, send, 1008, "Refused")
            return
        try:
            cookie = self._sessions.cookie(
                request.headers.get(b"host", b""), scope.get("root_path", "")
            )
            header = request.headers.get(b"cookie", b"")
            session = self._sessions.new() if request.is_bearer else await cookie.read(header)
        except StarModelError as error:
            log.error("A WebSocket was refused: %s", error)
            await _close(receive, send, 1013, "Try again later")
            return
        scope["starmodel.session"] = session
        scope.setdefault("session", session)
        language = None if self._language is None else self._language.of(request, session, cookie)
        current_context.set(
            RequestContext(self._application, session, scope=scope, language=language)
        )
        await inner(scope, receive, send)


async def _close(receive: Any, send: Any, code: int, reason: str) -> None:
    await receive()
    await send({"type": "websocket.close", "code": code, "reason": reason})
