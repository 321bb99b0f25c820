"""The pages to sign in and out."""

from __future__ import annotations

from typing import Any

from fastcore.xml import A, Button, Div, Form, P

from starmodel.core.errors import TooManyAttemptsError
from starmodel.plugins import Exchange, Page
from starmodel.plugins.built_in.auth.pages.next_page import NEXT, go_on, own_path, with_next
from starmodel.plugins.built_in.auth.pages.parts import (
    ADDRESS,
    PRESENT_PASSWORD,
    Filled,
    Parts,
    fields_of,
)
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.passwords.texts import RefusedPasswordError, normalised
from starmodel.plugins.built_in.auth.users.addresses import (
    MAX_ADDRESS_CHARS,
    normalised_address,
)
from starmodel.texts.catalogue import Message


class SignInPages:
    """Sign-in by address and password, slowed down after wrong ones, and sign-out."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def show(self, exchange: Exchange) -> Any:
        """Send the form; redirect a signed-in user to the next page."""
        path = own_path(exchange.request.query.get(NEXT, ""))
        if exchange.session.actor is not None:
            return await go_on(exchange, path)
        return Page(Message("sign_in.title"), self._form(exchange, path))

    async def run(self, exchange: Exchange) -> None:
        """Sign in, or send the form again with the address that was typed.

        An unknown address, a wrong password and a disabled account have the same answer.
        """
        fields = await fields_of(exchange)
        email, path = fields.get("email", ""), own_path(fields.get(NEXT, ""))
        problem: str = Message("sign_in.refused")
        status, headers = 422, list[tuple[bytes, bytes]]()
        try:
            if await self._sign_in(exchange, email, fields.get("password", "")):
                await go_on(exchange, path)
                return
        except TooManyAttemptsError as error:
            problem, status = error.message, error.status
            headers.append((b"retry-after", str(error.retry_after_s).encode()))
        filled = Filled({"email": email[:MAX_ADDRESS_CHARS]}, {"": problem})
        form = self._form(exchange, path, filled)
        await self._site.send(exchange, "sign_in.title", form, status=status, headers=headers)

    async def _sign_in(self, exchange: Exchange, email: str, password: str) -> bool:
        """Whether the visitor is signed in now. Raises: TooManyAttemptsError."""
        throttle = self._site.throttle
        try:
            normalised(password)
        except RefusedPasswordError:  # a text that is no password
            return False
        attempt = await throttle.begin(exchange, normalised_address(email) or email)
        proven = await self._site.accounts.verify(email, password)
        if proven is None or not await self._site.sign_in(exchange, proven):
            return False
        await throttle.succeeded(exchange, attempt)
        return True

    async def ask(self, exchange: Exchange) -> Any:
        """Send the page with the button that signs out, for links to it."""
        actor = exchange.session.actor
        if actor is None:
            return await go_on(exchange, "/")
        text = self._site.texts.text("sign_out.question", name=str(actor))
        form = sign_out_form(self._site, exchange.root_path, "uk-btn uk-btn-primary")
        return Page(Message("sign_out.title"), Div(P(text), form, cls="uk-card sm-form-card"))

    async def leave(self, exchange: Exchange) -> None:
        """Sign out, and redirect to the start page."""
        session, accounts = exchange.session, self._site.accounts
        user = await accounts.of_actor(session.actor)
        if user is not None:
            await accounts.run(user.do.sign_out(), actor=session.actor, session=session)
        elif session.actor is not None:
            session.sign_out()
        await exchange.save_session()
        await self._site.application.end_sessions(session)
        await go_on(exchange, "/")

    def _form(self, exchange: Exchange, path: str, filled: Filled | None = None) -> Any:
        focus = "password" if filled else "email"
        parts = Parts(self._site.texts, "sign-in", filled, focus=focus)
        form = parts.form(
            f"{exchange.root_path}/sign-in",
            "sign_in.submit",
            parts.input("email", "sign_in.email", ADDRESS),
            parts.input("password", "sign_in.password", PRESENT_PASSWORD),
            next_path=path,
        )
        more = _by_mail(self._site, exchange, path)
        if self._site.registration == "open":
            link = A(
                parts.text("sign_up.title"), href=with_next(f"{exchange.root_path}/sign-up", path)
            )
            more.append(P(parts.text("sign_in.no_account"), " ", link, cls="sm-form-more"))
        return Div(form, *more, cls="uk-card sm-form-card sm-form-narrow")


def _by_mail(site: AuthSite, exchange: Exchange, path: str) -> list[Any]:
    """The links to the ways in by an e-mail, where e-mails can be sent."""
    if not site.emails.is_on:
        return []
    links = [
        A(site.texts.text("forgot.link"), href=f"{exchange.root_path}/sign-in/forgot-password"),
        A(
            site.texts.text("mail_sign_in.link"),
            href=with_next(f"{exchange.root_path}/sign-in/mail", path),
        ),
    ]
    return [P(link, cls="sm-form-more") for link in links]


def sign_out_form(site: AuthSite, root_path: str, cls: str) -> Any:
    """The button that signs out."""
    return Form(
        Button(site.texts.text("sign_out.submit"), type="submit", cls=cls),
        method="post", action=f"{root_path}/sign-out", cls="sm-sign-out",
        data_signs_out=True,  # the browser removes the drafts of forms
    )  # fmt: skip
