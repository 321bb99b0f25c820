"""The language of each request, and the route by which visitors choose theirs."""

from __future__ import annotations

import re
from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.negotiation import language_weights
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.adapters.web.http.sessions import SessionCookie
from starmodel.app.presentation.languages import Languages
from starmodel.app.sessions.session import Session
from starmodel.core.errors import RequestError, StarModelError
from starmodel.texts.catalogue import Message
from starmodel.texts.language import Language

CLAIM, COOKIE, FIELD = "language", "language", "language"
COOKIE_AGE_S = 365 * 24 * 3600
VARY = (b"vary", b"accept-language, cookie")
_TEXT = (b"text/html", b"application/json", b"application/problem+json", b"text/csv")
_TAG = re.compile(r"[A-Za-z0-9-]{2,35}")


class LanguageChoice:
    """Decides about the language of a request: by choice, by Accept-Language, or the first."""

    def __init__(self, languages: Languages) -> None:
        self.languages = languages

    def of(
        self, request: HttpRequest, session: Session | None, cookie: SessionCookie | None
    ) -> Language:
        """The language that the visitor has chosen in the menu, else that of the actor's claim
        `language`, else what the browser prefers, else the first.
        """
        languages, headers = self.languages, request.headers
        chosen = ""
        if cookie is not None and not request.is_bearer:
            chosen = cookie.read_further(COOKIE, headers.get(b"cookie", b""))
        actor = None if session is None else session.actor
        claimed = None if actor is None else actor.attribute(CLAIM)
        for tag in (chosen, claimed):
            if isinstance(tag, str) and (found := languages.find(tag)) is not None:
                return found
        weights = language_weights(headers.get(b"accept-language", b""))
        return languages.preferred(weights) or languages.default

    def sending(self, language: Language, send: Any) -> Any:
        """`send`, with the headers of the language on responses with text."""
        headers = [(b"content-language", language.code.encode()), VARY]

        async def send_localized(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                kind = next((value for name, value in own if name.lower() == b"content-type"), b"")
                if kind.startswith(_TEXT):
                    message = {**message, "headers": [*own, *headers]}
            await send(message)

        return send_localized

    async def choose(self, exchange: Exchange) -> None:
        """Remember the language of a submitted form, and return to the page.

        Raises: RequestError, for a language that the application has not.
        """
        fields, _ = await exchange.request.form()
        tag = fields.get(FIELD)
        found = self.languages.find(tag) if isinstance(tag, str) and _TAG.fullmatch(tag) else None
        if found is None:
            raise RequestError(Message("page.unknown_language"), status=422)
        exchange.write_cookie(COOKIE, found.code, max_age_s=COOKIE_AGE_S)
        await exchange.redirect(exchange.referer_or(f"{exchange.root_path}/"))


class LanguageRoute:
    """Takes the form of the language menu."""

    def __init__(self, choice: LanguageChoice, error_responses: ErrorResponses) -> None:
        self._choice, self._error_responses = choice, error_responses

    async def run(self, exchange: Exchange, found: Any, id: str) -> None:
        """Set the language of the visitor; an error is an error response."""
        try:
            await self._choice.choose(exchange)
        except StarModelError as error:
            await self._error_responses.send_error(exchange, error)
