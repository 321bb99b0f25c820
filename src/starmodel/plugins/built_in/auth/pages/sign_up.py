"""The page to create an account, where registration is open."""

from __future__ import annotations

import secrets
from typing import Any

from fastcore.xml import A, Div, P

from starmodel.core.errors import BindingError, ConstraintError
from starmodel.plugins import Exchange, Page
from starmodel.plugins.built_in.auth.pages.by_mail.confirmation import BROWSER
from starmodel.plugins.built_in.auth.pages.next_page import NEXT, own_path, with_next
from starmodel.plugins.built_in.auth.pages.parts import (
    ADDRESS,
    NEW_PASSWORD,
    Filled,
    Parts,
    fields_of,
)
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.passwords.hashing import password_hasher
from starmodel.plugins.built_in.auth.passwords.rules import MIN_CHARS, check_new_password
from starmodel.plugins.built_in.auth.users.addresses import normalised_address
from starmodel.plugins.built_in.auth.users.user import MAX_NAME_CHARS
from starmodel.texts.catalogue import Message


class SignUpPages:
    """Creates accounts; the response is equal for addresses with an account."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def show(self, exchange: Exchange) -> Any:
        """Send the form, or a sentence where registration is closed."""
        if self._site.registration != "open":
            return await self._refuse(exchange)
        path = own_path(exchange.request.query.get(NEXT, ""))
        return Page(Message("sign_up.title"), self._form(exchange, path))

    async def run(self, exchange: Exchange) -> None:
        """Create the account unless the address has one."""
        if self._site.registration != "open":
            await self._refuse(exchange)
            return
        fields = await fields_of(exchange)
        path = own_path(fields.get(NEXT, ""))
        errors = self._errors(fields)
        if errors:
            values = {name: fields.get(name, "")[:254] for name in ("email", "name")}
            form = self._form(exchange, path, Filled(values, errors))
            await self._site.send(exchange, "sign_up.title", form, status=422)
            return
        email = normalised_address(fields["email"])
        emails, browser = self._site.emails, secrets.token_urlsafe(16)
        await emails.limits.claim_email(exchange, email)  # also while no e-mail can be sent
        is_new = await self._create(email, fields.get("name", "").strip(), fields["password"])
        words = [P(self._site.texts.text("sign_up.done", email=email))]
        if emails.is_on:
            exchange.session[BROWSER] = browser
            emails.send_welcome(exchange.root_path, email, browser=browser if is_new else "")
            words.append(P(self._site.texts.text("sign_up.email")))
        link = A(
            self._site.texts.text("sign_in.submit"),
            href=with_next(f"{exchange.root_path}/sign-in", path), cls="uk-btn uk-btn-primary",
        )  # fmt: skip
        card = Div(*words, link, cls="uk-card sm-form-card sm-form-narrow")
        await self._site.send(exchange, "sign_up.done_title", card)

    async def _create(self, email: str, name: str, password: str) -> bool:
        """Create the account, or do the same work and return False for a known address."""
        if await self._site.accounts.find(email) is not None:
            await password_hasher().hash(password)
            return False
        try:
            await self._site.accounts.create(email, name=name, password=password)
        except ConstraintError:  # a second request with the same address was faster
            return False
        return True

    def _errors(self, fields: dict[str, str]) -> dict[str, str]:
        email, name = fields.get("email", ""), fields.get("name", "")
        errors: dict[str, str] = {}
        if not normalised_address(email):
            errors["email"] = Message("account.address")
        if len(name) > MAX_NAME_CHARS:
            errors["name"] = Message("value.max_characters", max_length=MAX_NAME_CHARS)
        try:
            check_new_password(fields.get("password", ""), personal=[email[:254], name[:254]])
        except BindingError as error:
            errors["password"] = error.message
        return errors

    async def _refuse(self, exchange: Exchange) -> None:
        closed = P(self._site.texts.text("sign_up.closed"))
        await self._site.send(exchange, "sign_up.title", closed, status=403)

    def _form(self, exchange: Exchange, path: str, filled: Filled | None = None) -> Any:
        parts = Parts(self._site.texts, "sign-up", filled, focus="email")
        form = parts.form(
            f"{exchange.root_path}/sign-up",
            "sign_up.submit",
            parts.input("email", "sign_in.email", ADDRESS),
            parts.input(
                "name", "sign_up.name", {"autocomplete": "name", "maxlength": MAX_NAME_CHARS},
                help_text=parts.text("sign_up.name_help"), required=False,
            ),
            parts.input(
                "password", "sign_in.password", NEW_PASSWORD,
                help_text=parts.text("sign_up.password_help", min_length=MIN_CHARS),
            ),
            next_path=path,
        )  # fmt: skip
        link = A(parts.text("sign_in.title"), href=with_next(f"{exchange.root_path}/sign-in", path))
        more = P(parts.text("sign_up.has_account"), " ", link, cls="sm-form-more")
        return Div(form, more, cls="uk-card sm-form-card sm-form-narrow")
