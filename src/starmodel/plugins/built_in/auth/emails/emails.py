"""Sends e-mails whose links and codes prove an address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starmodel.app.credentials.one_time import OneTimeSecrets, Purpose
from starmodel.app.mail.queue import Compose
from starmodel.app.ports.mailer import MailMessage
from starmodel.core.errors import RequestError
from starmodel.core.values.mail_addresses import masked_address
from starmodel.plugins.built_in.auth.emails.layout import Email, message_of
from starmodel.plugins.built_in.auth.emails.limits import EmailLimits
from starmodel.plugins.built_in.auth.users.accounts import Accounts
from starmodel.plugins.web import PluginServices
from starmodel.texts.catalogue import Message

MINUTE_S = 60.0
DAY_S = 24 * 3600.0
CODE_S, LINK_S, RESET_S = 10 * MINUTE_S, 15 * MINUTE_S, 60 * MINUTE_S
CONFIRM_S, INVITATION_S = 3 * DAY_S, 7 * DAY_S


class Emails:
    """The e-mails of one application.

    Each is composed after the response, so that the response does not depend on the address.
    Links begin with `public_url`, never with the Host of a request.
    """

    def __init__(self, services: PluginServices, accounts: Accounts) -> None:
        self._services, self._accounts = services, accounts

    @property
    def why_off(self) -> str:
        """Why no e-mail can be sent, for operators; "" when e-mails can be sent."""
        if not self._services.application.mail.is_available:
            return "mail_url is not set"
        if not self._services.settings.development and not self._public_url:
            return "public_url is not set, with which links in e-mails begin"
        return ""

    @property
    def is_on(self) -> bool:
        return not self.why_off

    def check(self) -> None:
        """Raises: RequestError, a 404, when no e-mail can be sent."""
        if self.why_off:
            raise RequestError(Message("by_mail.off"), status=404)

    @cached_property
    def secrets(self) -> OneTimeSecrets:
        return self._services.credentials.one_time

    @cached_property
    def limits(self) -> EmailLimits:
        return EmailLimits(self._services.credentials.attempts)

    def send_reset(self, root_path: str, email: str) -> None:
        """Send a link to choose a new password, if the address has an account."""

        async def make() -> MailMessage | None:
            user = await self._accounts.find(email)
            if user is None or user.disabled:
                return None
            data = {"email": user.email, "number": user.password_number}
            secret = await self.secrets.issue(
                Purpose.RESET, str(user.id), lasts_s=RESET_S, data=data
            )
            return self._email(
                "reset", user.email, self._url(root_path, "/sign-in/reset-password", secret)
            )

        self._compose(make, email)

    def send_welcome(self, root_path: str, email: str, *, browser: str = "") -> None:
        """Send a link that confirms the address of an account; a notice if it is confirmed already.

        Shapes: browser is the secret of the browser that created the account just now, "" for
        any other.
        """

        async def make() -> MailMessage | None:
            user = await self._accounts.find(email)
            if user is None or user.disabled:
                return None
            if user.verified:
                return self._email("known", user.email, self._url(root_path, "/sign-in"))
            data = {"email": user.email, "browser": digest(browser)}
            secret = await self.secrets.issue(
                Purpose.VERIFY, str(user.id), lasts_s=CONFIRM_S, data=data
            )
            url = self._url(root_path, "/sign-up/confirm", secret)
            return self._email("confirm", user.email, url)

        self._compose(make, email)

    async def send_sign_in(self, root_path: str, email: str, next_path: str) -> str:
        """Send a code and a link to sign in. Returns the handle of the code, for the session."""
        data = {"next": next_path}
        code = await self.secrets.issue_code(Purpose.CODE, email, lasts_s=CODE_S, data=data)

        async def make() -> MailMessage | None:
            user = await self._accounts.find(email)
            if user is None or user.disabled:
                return None
            secret = await self.secrets.issue(Purpose.MAGIC_LINK, email, lasts_s=LINK_S, data=data)
            url = self._url(root_path, "/sign-in/link", secret)
            return self._email("sign_in", user.email, url, code.code)

        self._compose(make, email)
        return code.handle

    def send_invitation(
        self, root_path: str, email: str, *, roles: list[str], inviter: str
    ) -> None:
        """Send a link by which an account is created; a notice if there is one already."""

        async def make() -> MailMessage | None:
            user = await self._accounts.find(email)
            if user is not None:
                return self._email("known", user.email, self._url(root_path, "/sign-in"))
            data: Mapping[str, Any] = {"roles": roles, "inviter": inviter}
            secret = await self.secrets.issue(
                Purpose.INVITATION, email, lasts_s=INVITATION_S, data=data
            )
            return self._email(
                "invitation", email, self._url(root_path, "/sign-up/invitation", secret)
            )

        self._compose(make, email)

    @property
    def _public_url(self) -> str:
        return self._services.application.settings.public_url or ""

    def _url(self, root_path: str, path: str, secret: str = "") -> str:
        base = self._public_url or self._services.address
        query = f"?{urlencode({'token': secret})}" if secret else ""
        return f"{base}{root_path}{path}{query}"

    def _email(self, kind: str, to: str, url: str, code: str = "") -> MailMessage:
        application = self._services.application
        title = self._services.application.texts.render(self._services.settings.title)
        return message_of(Email(kind, to, url, code), application.texts, title)

    def _compose(self, make: Compose, email: str) -> None:
        self._services.application.mail.compose(make, about=masked_address(email))


def digest(secret: str) -> str:
    """The hash of the secret of a browser; "" for none."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""
