"""Sign-in by a code or a link in an e-mail."""

from __future__ import annotations

from typing import Any

from starmodel.app.credentials.one_time import Issued, Purpose
from starmodel.plugins import Exchange, Page
from starmodel.plugins.built_in.auth.pages.by_mail.common import (
    HIDES_QUERY,
    TOKEN,
    about,
    address_form,
    card,
    finish_sign_in,
    look,
    refuse,
    refuse_use,
    token_input,
    typed_address,
)
from starmodel.plugins.built_in.auth.pages.next_page import NEXT, go_on, own_path
from starmodel.plugins.built_in.auth.pages.parts import Parts, fields_of
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.users.user import SignInRefusedError
from starmodel.texts.catalogue import Message

ASK, CODE, LINK = "/sign-in/mail", "/sign-in/mail/code", "/sign-in/link"
HANDLE = "auth_code"
"""The key in the session of the handle of the code that was issued to this browser."""


class MailSignInPages:
    """Sends an e-mail, and signs in by its code or link.

    A code is valid in the browser that requested it. A link signs in the browser that opens it,
    after a press of a button.
    """

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def ask(self, exchange: Exchange) -> Any:
        """Send the form for the address; redirect a signed-in visitor."""
        self._site.emails.check()
        path = own_path(exchange.request.query.get(NEXT, ""))
        if exchange.session.actor is not None:
            return await go_on(exchange, path)
        form = address_form(self._site, exchange, "mail_sign_in", ASK, next_path=path)
        return Page(Message("mail_sign_in.title"), form)

    async def send(self, exchange: Exchange) -> None:
        """Send the e-mail, and the form for the code; the same for every address."""
        site, fields = self._site, await fields_of(exchange)
        path = own_path(fields.get(NEXT, ""))
        email, filled = await typed_address(site, exchange, fields)
        if not email:
            form = address_form(site, exchange, "mail_sign_in", ASK, filled, next_path=path)
            await site.send(exchange, "mail_sign_in.title", form, status=422)
            return
        exchange.session[HANDLE] = await site.emails.send_sign_in(exchange.root_path, email, path)
        sent = about(site.texts.text("mail_sign_in.sent", email=email), role="status")
        parts = Parts(site.texts, "code", focus="code")
        attributes = {
            "autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 12,
            "autocapitalize": "none", "spellcheck": "false",
        }  # fmt: skip
        form = parts.form(
            f"{exchange.root_path}{CODE}", "mail_sign_in.enter",
            parts.input("code", "mail_sign_in.code", attributes),
        )  # fmt: skip
        await site.send(exchange, "by_mail.sent_title", card(sent, form))

    async def enter(self, exchange: Exchange) -> None:
        """Sign in by the code of this browser."""
        emails = self._site.emails
        emails.check()
        fields = await fields_of(exchange)
        await emails.limits.claim_use(exchange)
        handle = str(exchange.session.get(HANDLE, ""))
        issued = await emails.secrets.use_code(Purpose.CODE, handle, fields.get("code", ""))
        if issued is not None:
            await emails.limits.forgive_use(exchange)
        await self._finish(exchange, issued)

    async def show(self, exchange: Exchange) -> None:
        """Send the page of a valid link, with the button that signs in."""
        site = self._site
        token, issued = await look(site, exchange, Purpose.MAGIC_LINK)
        if issued is None or await self._user(issued) is None:
            await refuse(site, exchange)
            return
        parts = Parts(site.texts, "mail-sign-in")
        question = about(site.texts.text("mail_sign_in.question", email=issued.subject))
        url = f"{exchange.root_path}{LINK}"
        form = parts.form(url, "mail_sign_in.confirm", token_input(token))
        await site.send(exchange, "mail_sign_in.title", card(question, form), headers=HIDES_QUERY)

    async def follow(self, exchange: Exchange) -> None:
        """Sign in by a link."""
        emails = self._site.emails
        emails.check()
        token = (await fields_of(exchange)).get(TOKEN, "")
        issued = await emails.secrets.use(Purpose.MAGIC_LINK, token)
        if await self._user(issued) is None:
            await refuse_use(self._site, exchange)
            return
        await self._finish(exchange, issued)

    async def _finish(self, exchange: Exchange, issued: Issued | None) -> None:
        site = self._site
        user = await self._user(issued)
        if user is None or issued is None:
            await refuse(site, exchange)
            return
        for purpose in (Purpose.CODE, Purpose.MAGIC_LINK):  # the e-mail had one of each
            await site.emails.secrets.revoke(purpose, issued.subject)
        exchange.session.pop(HANDLE, None)
        try:
            await finish_sign_in(site, exchange, user)
        except SignInRefusedError:  # disabled meanwhile
            await refuse(site, exchange)
            return
        await go_on(exchange, own_path(str(issued.data[NEXT])))

    async def _user(self, issued: Issued | None) -> Any:
        user = None if issued is None else await self._site.accounts.find(issued.subject)
        return None if user is None or user.disabled else user
