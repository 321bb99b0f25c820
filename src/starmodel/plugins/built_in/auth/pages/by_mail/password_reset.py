"""A forgotten password: an e-mail with a link, and the page that chooses a new one."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from starmodel.app.credentials.one_time import Issued, Purpose
from starmodel.core.events.results import Toast
from starmodel.plugins import Exchange, Page
from starmodel.plugins.built_in.auth.pages.by_mail.common import (
    HIDES_QUERY,
    TOKEN,
    about,
    address_form,
    card,
    look,
    refuse,
    refuse_use,
    typed_address,
)
from starmodel.plugins.built_in.auth.pages.by_mail.new_passwords import (
    new_password_form,
    refused_password,
)
from starmodel.plugins.built_in.auth.pages.parts import fields_of
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.texts.catalogue import Message

FORGOT, RESET = "/sign-in/forgot-password", "/sign-in/reset-password"


class PasswordResetPages:
    """Sends the link, and replaces the password by it."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def ask(self, exchange: Exchange) -> Any:
        """Send the form for the address."""
        self._site.emails.check()
        return Page(Message("forgot.title"), address_form(self._site, exchange, "forgot", FORGOT))

    async def send(self, exchange: Exchange) -> None:
        """Send the e-mail; the answer is the same for every address."""
        site = self._site
        email, filled = await typed_address(site, exchange, await fields_of(exchange))
        if not email:
            form = address_form(site, exchange, "forgot", FORGOT, filled)
            await site.send(exchange, "forgot.title", form, status=422)
            return
        site.emails.send_reset(exchange.root_path, email)
        done = about(site.texts.text("forgot.sent", email=email), role="status")
        await site.send(exchange, "by_mail.sent_title", card(done))

    async def show(self, exchange: Exchange) -> None:
        """Send the form of a valid link."""
        token, issued = await look(self._site, exchange, Purpose.RESET)
        await self._show(exchange, token, issued)

    async def run(self, exchange: Exchange) -> None:
        """Replace the password; every other session of the user ends."""
        site, emails = self._site, self._site.emails
        emails.check()
        fields = await fields_of(exchange)
        token, password = fields.get(TOKEN, ""), fields.get("password", "")
        issued = await emails.secrets.look(Purpose.RESET, token)
        user = await self._user(issued)
        if user is not None:
            errors = refused_password(password, personal=[user.email, user.name])
            if errors:
                await self._show(exchange, token, issued, errors)
                return
        if user is None or await emails.secrets.use(Purpose.RESET, token) is None:
            await refuse_use(site, exchange)
            return
        await site.accounts.run(user.do.reset(SecretStr(password)), session=exchange.session)
        await emails.secrets.revoke(Purpose.RESET, str(user.id))
        exchange.push_toasts([Toast(site.texts.text("reset.done"), "success")])
        await exchange.redirect(exchange.mounted("/sign-in"))

    async def _show(
        self,
        exchange: Exchange,
        token: str,
        issued: Issued | None,
        errors: dict[str, str] | None = None,
    ) -> None:
        user = await self._user(issued)
        if user is None:
            await refuse(self._site, exchange)
            return
        form = new_password_form(
            self._site, exchange, RESET, token, email=user.email, submit="reset.submit",
            errors=errors,
        )  # fmt: skip
        status = 422 if errors else 200
        await self._site.send(exchange, "reset.title", form, status=status, headers=HIDES_QUERY)

    async def _user(self, issued: Issued | None) -> Any:
        """The user of a link; None when the address or the password has changed since."""
        user = None if issued is None else await self._site.accounts.users.find(issued.subject)
        if user is None or issued is None or user.disabled:
            return None
        found = {"email": user.email, "number": user.password_number}
        return user if found == dict(issued.data) else None
