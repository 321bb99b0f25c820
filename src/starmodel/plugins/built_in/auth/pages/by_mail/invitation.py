"""Invitations: the page that sends one, and the page that creates the account."""

from __future__ import annotations

import re
from typing import Any

from fastcore.xml import A

from starmodel.app.access.policy import DEV
from starmodel.app.context import current_context
from starmodel.app.credentials.one_time import Issued, Purpose
from starmodel.app.presentation.slots import Place
from starmodel.core.errors import ConstraintError, RequestError
from starmodel.core.events.results import Toast
from starmodel.plugins import Exchange, Page
from starmodel.plugins.built_in.auth.pages.by_mail.common import (
    HIDES_QUERY,
    TOKEN,
    about,
    card,
    finish_sign_in,
    look,
    refuse,
    refuse_use,
    typed_address,
)
from starmodel.plugins.built_in.auth.pages.by_mail.new_passwords import (
    new_password_form,
    refused_password,
)
from starmodel.plugins.built_in.auth.pages.parts import ADDRESS, Filled, Parts, fields_of
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.users.user import ADMIN, MAX_NAME_CHARS, MAX_ROLES
from starmodel.texts.catalogue import Message

INVITE, ACCEPT = "/sign-up/invite", "/sign-up/invitation"
MAX_ROLES_CHARS = 1000
_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


class InvitationPages:
    """Admins invite addresses; the link in the e-mail creates the account of the address."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def ask(self, exchange: Exchange) -> Any:
        """Send the form of an admin."""
        self._check()
        return Page(Message("invite.title"), self._form(exchange))

    async def send(self, exchange: Exchange) -> None:
        """Send the e-mail."""
        self._check()
        site, fields, actor = self._site, await fields_of(exchange), exchange.session.actor
        typed = fields.get("roles", "")[:MAX_ROLES_CHARS]
        roles = list(dict.fromkeys(filter(None, (role.strip() for role in typed.split(",")))))
        wrong = len(roles) > MAX_ROLES or not all(map(_ROLE.fullmatch, roles))
        email, filled = await typed_address(site, exchange, fields)
        if not email or wrong or actor is None:
            errors = {**filled.errors, **({"roles": Message("invite.wrong_role")} if wrong else {})}
            again = Filled({**filled.values, "roles": typed}, errors)
            await site.send(exchange, "invite.title", self._form(exchange, again), status=422)
            return
        site.emails.send_invitation(exchange.root_path, email, roles=roles, inviter=actor.id)
        exchange.push_toasts([Toast(site.texts.text("invite.sent"), "success")])
        await exchange.redirect(exchange.mounted(INVITE))

    async def show(self, exchange: Exchange) -> None:
        """Send the form of a valid link."""
        token, issued = await look(self._site, exchange, Purpose.INVITATION)
        await self._show(exchange, token, issued, Filled())

    async def run(self, exchange: Exchange) -> None:
        """Create the account with the invited address, and sign in."""
        self._check()
        site, emails = self._site, self._site.emails
        fields = await fields_of(exchange)
        token, password = fields.get(TOKEN, ""), fields.get("password", "")
        name = fields.get("name", "").strip()
        issued = await emails.secrets.look(Purpose.INVITATION, token)
        if issued is not None and await self._is_valid(issued):
            errors = refused_password(password, personal=[issued.subject, name[:MAX_NAME_CHARS]])
            if len(name) > MAX_NAME_CHARS:
                errors["name"] = Message("value.max_characters", max_length=MAX_NAME_CHARS)
            if errors:
                filled = Filled({"name": name[: 2 * MAX_NAME_CHARS]}, errors)
                await self._show(exchange, token, issued, filled)
                return
            if await emails.secrets.use(Purpose.INVITATION, token) is not None:
                await self._create(exchange, issued, name, password)
                return
        await refuse_use(site, exchange)

    async def _create(self, exchange: Exchange, issued: Issued, name: str, password: str) -> None:
        site, email = self._site, issued.subject
        try:
            user = await site.accounts.create(
                email, name=name, password=password, roles=list(issued.data["roles"]), verified=True
            )
        except ConstraintError:  # the address has got an account meanwhile
            await refuse_use(site, exchange)
            return
        await site.emails.secrets.revoke(Purpose.INVITATION, email)
        await finish_sign_in(site, exchange, user)
        await exchange.redirect(exchange.mounted("/"))

    async def _show(
        self, exchange: Exchange, token: str, issued: Issued | None, filled: Filled
    ) -> None:
        site = self._site
        self._check()
        if issued is None or not await self._is_valid(issued):
            await refuse(site, exchange)
            return
        parts = Parts(site.texts, "new-password", filled)
        name = parts.input(
            "name", "sign_up.name", {"autocomplete": "name", "maxlength": MAX_NAME_CHARS},
            help_text=parts.text("sign_up.name_help"), required=False,
        )  # fmt: skip
        form = new_password_form(
            site, exchange, ACCEPT, token, email=issued.subject, submit="invitation.submit",
            errors=dict(filled.errors), inputs=[name],
            before=[about(site.texts.text("invitation.text", email=issued.subject))],
        )  # fmt: skip
        status = 422 if filled.errors else 200
        await site.send(exchange, "invitation.title", form, status=status, headers=HIDES_QUERY)

    async def _is_valid(self, issued: Issued) -> bool:
        """Whether the address has no account, and the inviter is an admin still."""
        accounts, inviter = self._site.accounts, str(issued.data["inviter"])
        if await accounts.find(issued.subject) is not None:
            return False
        if inviter == DEV.id:
            return bool(self._site.services.settings.development)
        user = await accounts.users.find(inviter)
        return user is not None and not user.disabled and ADMIN in user.roles

    def link(self, place: Place) -> Any:
        """The link to the form, beside the heading of the list of users."""
        site, entity_type = self._site, place.entity_type
        if entity_type is None or entity_type.cls is not site.user or place.entity is not None:
            return None
        if site.registration == "closed" or not site.emails.is_on:
            return None
        context = current_context.get()
        root = "" if context is None else context.root_path or ""
        text = site.texts.text("invite.title")
        return A(text, href=f"{root}{INVITE}", cls="uk-btn uk-btn-default")

    def _form(self, exchange: Exchange, filled: Filled | None = None) -> Any:
        parts = Parts(self._site.texts, "invite", filled, focus="email")
        form = parts.form(
            f"{exchange.root_path}{INVITE}", "invite.submit", about(parts.text("invite.help")),
            parts.input("email", "sign_in.email", {**ADDRESS, "autocomplete": "off"}),
            parts.input(
                "roles", "invite.roles", {"maxlength": MAX_ROLES_CHARS, "autocomplete": "off"},
                help_text=parts.text("invite.roles_help"), required=False,
            ),
        )  # fmt: skip
        return card(form)

    def _check(self) -> None:
        """Raises: RequestError, where invitations are off."""
        self._site.emails.check()
        if self._site.registration == "closed":
            raise RequestError(Message("by_mail.off"), status=404)
