"""What the pages of the plugin share: the accounts, the texts, and how a page is sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

from starmodel.app.application import Application
from starmodel.app.credentials.one_time import OneTimeSecrets
from starmodel.app.credentials.tokens.tokens import Tokens
from starmodel.plugins import Exchange, Plugin
from starmodel.plugins.built_in.auth.emails.emails import Emails
from starmodel.plugins.built_in.auth.throttle.sign_in import SignInThrottle
from starmodel.plugins.built_in.auth.users.accounts import Accounts, Proven
from starmodel.plugins.built_in.auth.users.sessions import UserSessions
from starmodel.plugins.web import PluginServices
from starmodel.texts.catalogue import Catalogue

Registration = Literal["closed", "invite", "open"]


class AuthSite:
    """The services of the plugin, from the creation of the application on.

    Shapes: user is the class of the users; registration is the policy for new accounts, None
    for the setting `auth_registration`.
    """

    def __init__(self, plugin: Plugin, user: type[Any], registration: Registration | None) -> None:
        self._plugin, self.user, self._registration = plugin, user, registration

    @property
    def application(self) -> Application:
        return self._plugin.services.application

    @property
    def services(self) -> PluginServices:
        return self._plugin.services

    @cached_property
    def emails(self) -> Emails:
        return Emails(self.services, self.accounts)

    @property
    def texts(self) -> Catalogue:
        return self.application.texts

    @property
    def registration(self) -> Registration:
        """The policy for new accounts."""
        return self._registration or self.application.settings.auth_registration

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.application, self.user)

    @property
    def one_time(self) -> OneTimeSecrets:
        """The secrets of links."""
        return self._plugin.services.credentials.one_time

    @property
    def tokens(self) -> Tokens:
        """The bearer tokens of users."""
        return self._plugin.services.credentials.tokens

    @cached_property
    def throttle(self) -> SignInThrottle:
        services = self._plugin.services
        key = services.derived_key("known browsers")
        return SignInThrottle(services.credentials.attempts, key)

    @cached_property
    def user_sessions(self) -> UserSessions:
        return UserSessions(self.application, self.user)

    async def sign_in(self, exchange: Exchange, proven: Proven) -> bool:
        """Sign the visitor in and store the session; False when the user was changed meanwhile."""
        session = exchange.session
        if not await self.accounts.sign_in(proven, session):
            return False
        await exchange.save_session()
        await self.application.end_sessions(session)
        return True

    async def send(
        self,
        exchange: Exchange,
        title: str,
        *content: Any,
        status: int = 200,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        """Send a page in the look of the application. Shapes: title is the key of a text."""
        ui, actor, words = self._plugin.services.ui, exchange.session.actor, self.texts.text(title)
        await exchange.page(lambda: ui.page(words, *content, actor=actor), status, headers)
