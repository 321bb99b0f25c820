"""Creates and revokes tokens for the account page."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from starmodel.app.credentials.tokens.texts import new_token
from starmodel.app.presentation.confirmation import PROOF
from starmodel.core.errors import BindingError, InvalidStateError
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.auth.pages.account import AccountPages
from starmodel.plugins.built_in.auth.pages.parts import Filled, fields_of
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.pages.tokens import (
    FORM,
    LIFETIMES,
    MAX_GRANTS_CHARS,
    new_token_field,
)
from starmodel.plugins.built_in.auth.sudo.confirmation import PasswordConfirmation

FIELDS = ("name", "grants", "days")


class TokenPages:
    """The forms of tokens; a new one needs a recent sign-in or the password."""

    def __init__(self, site: AuthSite, account: AccountPages) -> None:
        self._site, self._account = site, account
        self._confirmation = PasswordConfirmation(site)

    async def create(self, exchange: Exchange) -> None:
        """Create a token, and send the one page that shows it."""
        fields = await fields_of(exchange)
        user = await self._account.user(exchange)
        if user is None:
            return
        given = {name: fields.get(name, "")[:MAX_GRANTS_CHARS] for name in FIELDS}
        url = f"{exchange.root_path}/account/tokens"
        if not await self._confirmation.require(exchange, url, given, fields.get(PROOF)):
            return
        days = int(given["days"]) if given["days"] in map(str, LIFETIMES) else 0
        text = new_token()
        action = user.do.create_token(
            name=given["name"], grants=given["grants"].split(), days=days, secret=SecretStr(text)
        )
        try:
            await self._site.accounts.run(action)
        except (BindingError, InvalidStateError) as error:
            errors: dict[str, Any] = dict(error.fields) or {"": error.message}
            await self._account.send(exchange, {FORM: Filled(given, errors)}, status=error.status)
            return
        await self._account.send(exchange, token=new_token_field(self._site.texts, text))

    async def revoke(self, exchange: Exchange) -> None:
        """Revoke a token of the user, by its handle."""
        fields = await fields_of(exchange)
        if user := await self._account.user(exchange):
            action = user.do.revoke_token(handle=fields.get("handle", ""))
            await self._site.accounts.run(
                action, actor=exchange.session.actor, session=exchange.session
            )
            await self._account.return_to(exchange, "token.revoked")
