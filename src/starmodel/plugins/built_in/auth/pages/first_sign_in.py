"""The page of a one-time link: the first administrator, or a new user, chooses a password."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Div, P
from pydantic import SecretStr

from starmodel.app.credentials.one_time import Purpose
from starmodel.core.errors import BindingError, ConstraintError
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.auth.pages.by_mail.common import HIDES_QUERY
from starmodel.plugins.built_in.auth.pages.next_page import go_on
from starmodel.plugins.built_in.auth.pages.parts import (
    ADDRESS,
    NEW_PASSWORD,
    Filled,
    Parts,
    fields_of,
)
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.passwords.rules import MIN_CHARS, check_new_password
from starmodel.plugins.built_in.auth.users.addresses import MAX_ADDRESS_CHARS, normalised_address
from starmodel.plugins.built_in.auth.users.user import ADMIN
from starmodel.texts.catalogue import Message

PATH, SECRET = "/first-sign-in", "secret"
LASTS_S = 24 * 3600.0


class FirstSignInPages:
    """A link without a user makes an administrator; one with a user sets that one's password.

    GET and HEAD change nothing, and each link works once. The first is valid while there is no
    administrator, the second while the user exists with the same address and password.
    """

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def issue(self, user_id: str = "") -> str:
        """The path of a new link, without the mount path; earlier ones for it end.

        Raises: NotFoundError, for an unknown user; StoreUnavailableError.
        """
        one_time = self._site.one_time
        data = _state(await self._site.accounts.users.get(user_id)) if user_id else {}
        await one_time.revoke(Purpose.FIRST_ADMIN, user_id)
        secret = await one_time.issue(Purpose.FIRST_ADMIN, user_id, lasts_s=LASTS_S, data=data)
        return f"{PATH}?{SECRET}={secret}"

    async def show(self, exchange: Exchange) -> None:
        """Send the form of a valid link."""
        secret = exchange.request.query.get(SECRET, "")
        is_valid, user = await self._look(secret)
        await self._send(exchange, secret, user, is_valid=is_valid)

    async def run(self, exchange: Exchange) -> None:
        """Use the link up, and sign in."""
        fields = await fields_of(exchange)
        secret, password = fields.get(SECRET, ""), fields.get("password", "")
        is_valid, user = await self._look(secret)
        if not is_valid:
            await self._send(exchange, secret, None, is_valid=False)
            return
        email = fields.get("email", "") if user is None else user.email
        if errors := _errors(email, password):
            filled = Filled({"email": email[:MAX_ADDRESS_CHARS]}, errors)
            await self._send(exchange, secret, user, filled, is_valid=True)
            return
        if await self._site.one_time.use(Purpose.FIRST_ADMIN, secret) is None:
            await self._send(exchange, secret, None, is_valid=False)  # another request was faster
            return
        await self._set_up(user, email, password)
        proven = await self._site.accounts.verify(email, password)
        if proven is None or not await self._site.sign_in(exchange, proven):
            await exchange.redirect(f"{exchange.root_path}/sign-in")
            return
        await go_on(exchange, "/")

    async def _set_up(self, user: Any, email: str, password: str) -> None:
        """Create the administrator, or set the password of the user."""
        accounts = self._site.accounts
        if user is not None:
            await accounts.run(user.do.set_password(SecretStr(password)))
            return
        try:
            await accounts.create(email, password=password, roles=[ADMIN])
        except ConstraintError:  # the address has an account, whose password is not changed
            return

    async def _look(self, secret: str) -> tuple[bool, Any]:
        """Whether a link is valid, and its user; None for the link of an administrator."""
        accounts = self._site.accounts
        issued = await self._site.one_time.look(Purpose.FIRST_ADMIN, secret)
        if issued is None:
            return False, None
        if not issued.subject:
            return not await accounts.has_admin(), None
        user = await accounts.users.find(issued.subject)
        if user is None or user.disabled or _state(user) != dict(issued.data):
            return False, None
        return True, user

    async def _send(
        self,
        exchange: Exchange,
        secret: str,
        user: Any,
        filled: Filled | None = None,
        *,
        is_valid: bool,
    ) -> None:
        texts = self._site.texts
        if not is_valid:
            await self._site.send(
                exchange, "first_sign_in.title", P(texts.text("first_sign_in.over")), status=410
            )
            return
        parts = Parts(texts, "first", filled, focus="password" if user else "email")
        address = parts.input("email", "sign_in.email", ADDRESS)
        if user is not None:
            address = parts.hidden("username", user.email, autocomplete="username")
        form = parts.form(
            f"{exchange.root_path}{PATH}",
            "first_sign_in.submit",
            parts.carried(SECRET, secret),
            address,
            parts.input(
                "password", "sign_in.password", NEW_PASSWORD,
                help_text=texts.text("sign_up.password_help", min_length=MIN_CHARS),
            ),
        )  # fmt: skip
        about = texts.text("first_sign_in.admin")
        if user is not None:
            about = texts.text("first_sign_in.user", email=user.email)
        card = Div(P(about, cls="sm-form-about"), form, cls="uk-card sm-form-card sm-form-narrow")
        status = 422 if filled else 200
        await self._site.send(
            exchange, "first_sign_in.title", card, status=status, headers=HIDES_QUERY
        )


def _state(user: Any) -> dict[str, Any]:
    """What a link for the user depends on."""
    return {"email": user.email, "number": user.password_number}


def _errors(email: str, password: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not normalised_address(email):
        errors["email"] = Message("account.address")
    try:
        check_new_password(password, personal=[email[:MAX_ADDRESS_CHARS]])
    except BindingError as error:
        errors["password"] = error.message
    return errors
