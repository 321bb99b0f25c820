"""Sign-in: users, their passwords, tokens and one-time links."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from starmodel.app.presentation.slots import SlotContent
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.core.values.log_text import log_link
from starmodel.plugins import Plugin, Route
from starmodel.plugins.built_in.auth.pages.account import AccountPages
from starmodel.plugins.built_in.auth.pages.by_mail.invitation import InvitationPages
from starmodel.plugins.built_in.auth.pages.by_mail.routes import mail_routes
from starmodel.plugins.built_in.auth.pages.first_sign_in import PATH as FIRST_SIGN_IN
from starmodel.plugins.built_in.auth.pages.first_sign_in import FirstSignInPages
from starmodel.plugins.built_in.auth.pages.navigation import Navigation
from starmodel.plugins.built_in.auth.pages.sign_in import SignInPages
from starmodel.plugins.built_in.auth.pages.sign_up import SignUpPages
from starmodel.plugins.built_in.auth.pages.site import AuthSite, Registration
from starmodel.plugins.built_in.auth.sudo.confirmation import PasswordConfirmation
from starmodel.plugins.built_in.auth.tokens.pages import TokenPages
from starmodel.plugins.built_in.auth.users.accounts import Accounts
from starmodel.plugins.built_in.auth.users.user import ADMIN, User

log = logging.getLogger("starmodel.auth")
REGISTRATIONS = ("closed", "invite", "open")


class Auth(Plugin):
    """Users with passwords, and the pages to sign in and out, sign up and see the account.

    Shapes: user is the class of the users, `User` or a subclass of it; registration is the policy
    for new accounts, None for the setting `auth_registration`.
    """

    name = "auth"
    sign_in_path = "/sign-in"

    def __init__(self, *, user: type[Any] = User, registration: Registration | None = None) -> None:
        super().__init__()
        if not (isinstance(user, type) and issubclass(user, User)):
            raise ConfigurationError(
                f"Auth(user={user!r}): expected a subclass of starmodel.auth.User."
            )
        if registration is not None and registration not in REGISTRATIONS:
            raise ConfigurationError(
                f"Auth(registration={registration!r}): expected one of {', '.join(REGISTRATIONS)}."
            )
        self.site = AuthSite(self, user, registration)
        self.first_sign_in = FirstSignInPages(self.site)
        self._announcing: asyncio.Task[None] | None = None

    @property
    def accounts(self) -> Accounts:
        """The users of the application, for commands and other code."""
        return self.site.accounts

    async def first_link(self, user_id: str) -> str:
        """The URL where a user without a password chooses one, once and within a day."""
        origin = self.site.application.settings.public_url or self.services.address
        return f"{origin}{await self.first_sign_in.issue(user_id)}"

    def entities(self) -> list[type[Entity]]:
        return [User] if self.site.user is User else []

    def routes(self) -> list[Route]:
        sign_in, sign_up = SignInPages(self.site), SignUpPages(self.site)
        account, confirmation = AccountPages(self.site), PasswordConfirmation(self.site)
        tokens = TokenPages(self.site, account)
        return [
            Route(FIRST_SIGN_IN, self.first_sign_in.show, access="public"),
            Route(FIRST_SIGN_IN, self.first_sign_in.run, ["POST"], access="public"),
            Route("/sign-in", sign_in.show, access="public"),
            Route("/sign-in", sign_in.run, ["POST"], access="public"),
            Route("/sign-out", sign_in.ask, access="public"),
            Route("/sign-out", sign_in.leave, ["POST"], access="public"),
            Route("/sign-up", sign_up.show, access="public"),
            Route("/sign-up", sign_up.run, ["POST"], access="public"),
            Route("/account/tokens", tokens.create, ["POST"]),
            Route("/account/tokens/revoke", tokens.revoke, ["POST"]),
            Route("/account/password/confirm", confirmation.show),
            Route("/account/password/confirm", confirmation.run, ["POST"]),
            Route("/account", account.show),
            Route("/account", account.rename, ["POST"]),
            Route("/account/password", account.change_password, ["POST"]),
            Route("/account/sessions/end", account.end_session, ["POST"]),
            Route("/account/sessions/end-others", account.end_others, ["POST"]),
            *mail_routes(self.site),
        ]

    def slots(self) -> list[SlotContent]:
        navigation = Navigation(self.site)
        invitations = InvitationPages(self.site)
        return [
            SlotContent("page.account", "who", navigation.who, access="public"),
            SlotContent("list.actions", "invite", invitations.link, access=f"role:{ADMIN}"),
        ]

    def on_serve(self, root_path: str) -> None:
        if why := self.site.emails.why_off:
            log.warning(
                "No e-mails can be sent: %s. Password reset, confirmation of addresses, "
                "invitations and sign-in by mail are off.", why,
            )  # fmt: skip
        if self.services.settings.development:
            self._announcing = asyncio.get_running_loop().create_task(self._announce(root_path))

    async def _announce(self, root_path: str) -> None:
        """Log the link for the first administrator, while there is none."""
        try:
            if not await self.accounts.has_admin():
                path = await self.first_sign_in.issue()
                url = f"{self.services.address}{root_path}{path}"
                log_link(f"Open {url} to create the first administrator.")
        except StoreError as error:
            log.warning("The link for the first administrator could not be made: %s", error)

    async def on_startup(self, application: Any) -> None:
        user = self.site.user
        if user not in application.registry:
            raise ConfigurationError(
                f"Auth(user={user.__name__}): the application has no such entity. Pass it to "
                f"create_app([{user.__name__}, …])."
            )
        application.extensions.confirmation = PasswordConfirmation(self.site)
        self.site.user_sessions.follow()

    async def on_shutdown(self, application: Any) -> None:
        if self._announcing is not None:
            self._announcing.cancel()
        self.site.user_sessions.leave()
