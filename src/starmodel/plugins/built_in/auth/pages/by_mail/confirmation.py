"""The page that confirms the address of an account."""

from __future__ import annotations

import hmac
from typing import Any

from pydantic import SecretStr

from starmodel.app.credentials.one_time import Issued, Purpose
from starmodel.core.events.results import Toast
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.auth.emails.emails import digest
from starmodel.plugins.built_in.auth.pages.by_mail.common import (
    HIDES_QUERY,
    TOKEN,
    about,
    card,
    look,
    refuse,
    refuse_use,
    token_input,
)
from starmodel.plugins.built_in.auth.pages.by_mail.new_passwords import (
    new_password_form,
    refused_password,
)
from starmodel.plugins.built_in.auth.pages.parts import Parts, fields_of
from starmodel.plugins.built_in.auth.pages.site import AuthSite

CONFIRM = "/sign-up/confirm"
BROWSER = "auth_sign_up"
"""The key in the session of the secret of a browser that has created an account."""


class ConfirmationPages:
    """Confirms the address of the user to whom the e-mail was sent.

    An intruder may have created the account with this address. So a browser that did not create
    it, and is not signed in to it, also replaces the password, which ends every other session.
    """

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def show(self, exchange: Exchange) -> None:
        """Send the page of a valid link: a button, or a form for a new password."""
        token, issued = await look(self._site, exchange, Purpose.VERIFY)
        await self._show(exchange, token, issued)

    async def run(self, exchange: Exchange) -> None:
        """Confirm the address."""
        site, emails = self._site, self._site.emails
        emails.check()
        fields = await fields_of(exchange)
        token, password = fields.get(TOKEN, ""), fields.get("password", "")
        issued = await emails.secrets.look(Purpose.VERIFY, token)
        user = await self._user(issued)
        is_own = user is not None and _is_own(exchange, user, issued)
        if user is not None and not is_own:
            errors = refused_password(password, personal=[user.email, user.name])
            if errors:
                await self._show(exchange, token, issued, errors)
                return
        if user is None or await emails.secrets.use(Purpose.VERIFY, token) is None:
            await refuse_use(site, exchange)
            return
        action = user.do.verify() if is_own else user.do.reset(SecretStr(password))
        await site.accounts.run(action, session=exchange.session)
        await emails.secrets.revoke(Purpose.VERIFY, str(user.id))
        exchange.session.pop(BROWSER, None)
        exchange.push_toasts([Toast(site.texts.text("confirm_address.done"), "success")])
        path = "/sign-in" if exchange.session.actor is None else "/account"
        await exchange.redirect(exchange.mounted(path))

    async def send_again(self, exchange: Exchange) -> None:
        """Send the e-mail again to the signed-in user."""
        site = self._site
        site.emails.check()
        user = await site.accounts.of_actor(exchange.session.actor)
        if user is not None and not user.verified:
            await site.emails.limits.claim_email(exchange, user.email)
            site.emails.send_welcome(exchange.root_path, user.email)
        exchange.push_toasts([Toast(site.texts.text("confirm_address.sent"), "success")])
        await exchange.redirect(exchange.mounted("/account"))

    async def _show(
        self,
        exchange: Exchange,
        token: str,
        issued: Issued | None,
        errors: dict[str, str] | None = None,
    ) -> None:
        site = self._site
        user = await self._user(issued)
        if user is None:
            await refuse(site, exchange)
            return
        question = about(site.texts.text("confirm_address.question", email=user.email))
        if _is_own(exchange, user, issued):
            parts = Parts(site.texts, "confirm")
            url = f"{exchange.root_path}{CONFIRM}"
            form = card(question, parts.form(url, "confirm_address.submit", token_input(token)))
        else:
            form = new_password_form(
                site, exchange, CONFIRM, token, email=user.email, submit="confirm_address.submit",
                errors=errors, before=[question, about(site.texts.text("confirm_address.choose"))],
            )  # fmt: skip
        status = 422 if errors else 200
        await site.send(exchange, "confirm_address.title", form, status=status, headers=HIDES_QUERY)

    async def _user(self, issued: Issued | None) -> Any:
        """The user of a link; None when the address is confirmed or has changed since."""
        user = None if issued is None else await self._site.accounts.users.find(issued.subject)
        if user is None or issued is None or user.disabled or user.verified:
            return None
        return user if user.email == issued.data["email"] else None


def _is_own(exchange: Exchange, user: Any, issued: Issued | None) -> bool:
    """Whether the browser created the account, or is signed in to it."""
    actor, expected = exchange.session.actor, "" if issued is None else issued.data["browser"]
    if actor is not None and actor.id == str(user.id):
        return True
    found = digest(str(exchange.session.get(BROWSER, "")))
    return bool(expected) and hmac.compare_digest(found, expected)
