"""The development sign-in: a link with a token that signs its browser in as the developer."""

from __future__ import annotations

import hmac
from typing import Any

from starmodel.app.access.policy import DEV
from starmodel.app.sessions.session import DEVELOPMENT
from starmodel.plugins import Exchange, Plugin, RequestHook
from starmodel.plugins.built_in.dev_sign_in.links import PURPOSE, log_sign_in_link, token_of

PARAMETER = "token"


class DevSignIn(Plugin):
    """Signs the developer in by a link that the start prints; in development only."""

    name = "dev_sign_in"

    def middleware(self) -> list[Any]:
        return [RequestHook(self.sign_in, query=PARAMETER)]

    @property
    def token(self) -> str:
        """The token of the link."""
        return token_of(self.services.derived_key(PURPOSE))

    async def sign_in(self, exchange: Exchange) -> None:
        """Sign the session of a valid token in, and redirect to the URL without it."""
        token = exchange.request.query.get(PARAMETER, "")
        is_valid = hmac.compare_digest(token.encode(), self.token.encode())
        if not (self.services.settings.development and is_valid):
            return
        exchange.session.sign_in(DEV, provider=DEVELOPMENT)
        await exchange.save_session()
        await self.services.application.end_sessions(exchange.session)
        await exchange.redirect(f"{exchange.root_path}/{exchange.request.path.lstrip('/')}")

    def on_serve(self, root_path: str) -> None:
        if self.services.settings.development:
            log_sign_in_link(self.services.address, root_path, self.token)
