"""The page of the account: profile, password, and the devices that are signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastcore.xml import H2, A, Button, Dd, Div, Dl, Dt, Form, P, Section
from pydantic import SecretStr

from starmodel.app.access.policy import Actor
from starmodel.core.commands import Action
from starmodel.core.errors import BindingError, InvalidStateError, TooManyAttemptsError
from starmodel.core.events.results import Toast
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.auth.pages.devices import device_list
from starmodel.plugins.built_in.auth.pages.parts import (
    NEW_PASSWORD,
    PRESENT_PASSWORD,
    Filled,
    Parts,
    fields_of,
)
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.pages.tokens import FORM as TOKEN
from starmodel.plugins.built_in.auth.pages.tokens import token_section
from starmodel.plugins.built_in.auth.passwords.rules import MIN_CHARS
from starmodel.plugins.built_in.auth.users.user import MAX_NAME_CHARS

PROFILE, PASSWORD = "account-profile", "account-password"


class AccountPages:
    """The account of the signed-in user; each form redirects back to the page."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def show(self, exchange: Exchange) -> None:
        """Send the page."""
        await self.send(exchange)

    async def rename(self, exchange: Exchange) -> None:
        """Change the name of the user."""
        fields = await fields_of(exchange)
        name = fields.get("name", "")
        if user := await self.user(exchange):
            filled = Filled({"name": name[: 2 * MAX_NAME_CHARS]})
            await self._run(
                exchange, user.do.rename(name), "account.saved", {PROFILE: filled}, PROFILE
            )

    async def change_password(self, exchange: Exchange) -> None:
        """Change the password; every other session of the user ends."""
        fields = await fields_of(exchange)
        current, new = (fields.get(name, "") for name in ("current_password", "new_password"))
        if user := await self.user(exchange):
            action = user.do.change_password(SecretStr(current), SecretStr(new))
            await self._run(
                exchange, action, "account.password_changed", {PASSWORD: Filled()}, PASSWORD
            )

    async def end_session(self, exchange: Exchange) -> None:
        """Sign out one device: a session of this actor, by the id of its record."""
        fields = await fields_of(exchange)
        id, actor = fields.get("session", ""), self._actor(exchange)
        if id and id != exchange.session.record_id:
            await self._site.user_sessions.sessions.end(actor.id, only=id)
        await self.return_to(exchange, "account.session_ended")

    async def end_others(self, exchange: Exchange) -> None:
        """Sign out every other device."""
        keep = exchange.session.record_id
        await self._site.user_sessions.sessions.end(self._actor(exchange).id, keep=keep)
        await self.return_to(exchange, "account.others_ended")

    async def _run(
        self,
        exchange: Exchange,
        action: Action,
        done: str,
        filled: Mapping[str, Filled],
        form: str,
    ) -> None:
        """Run an event of the user as the user; a refusal is shown in the form."""
        try:
            await self._site.accounts.run(
                action, actor=exchange.session.actor, session=exchange.session
            )
        except (BindingError, InvalidStateError) as error:
            errors = dict(error.fields) or {"": error.message}
            again = {form: Filled(filled[form].values, errors)}
            await self.send(exchange, again, status=error.status)
        except TooManyAttemptsError as error:
            again = {form: Filled(filled[form].values, {"": error.message})}
            headers = [(b"retry-after", str(error.retry_after_s).encode())]
            await self.send(exchange, again, status=error.status, headers=headers)
        else:
            await exchange.save_session()
            await self._site.application.end_sessions(exchange.session)
            await self.return_to(exchange, done)

    async def return_to(self, exchange: Exchange, done: str) -> None:
        """Go back to the page, which says what was done."""
        exchange.push_toasts([Toast(self._site.texts.text(done), "success")])
        await exchange.redirect(exchange.mounted("/account"))

    async def user(self, exchange: Exchange) -> Any:
        """The signed-in user; None for another actor, after a response with status 403."""
        user = await self._site.accounts.of_actor(exchange.session.actor)
        if user is None:
            await self.send(exchange, status=403)
        return user

    def _actor(self, exchange: Exchange) -> Actor:
        actor = exchange.session.actor
        if actor is None:  # the routes require a signed-in actor
            raise RuntimeError("The account page was reached without an actor.")
        return actor

    async def send(
        self,
        exchange: Exchange,
        filled: Mapping[str, Filled] | None = None,
        *,
        token: Any = None,
        status: int = 200,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        """Send the page. Shapes: filled has what forms were sent with; token shows a new one."""
        actor, session = self._actor(exchange), exchange.session
        user = await self._site.accounts.of_actor(actor)
        filled, root = filled or {}, exchange.root_path
        content = [P(self._site.texts.text("account.of_developer"))] if user is None else [
            self._profile(user, root, filled.get(PROFILE)),
            self._password(user, root, filled.get(PASSWORD)),
        ]  # fmt: skip
        if user is not None:
            tokens = await self._site.tokens.list(str(user.id))
            section = token_section(self._site.texts, tokens, filled.get(TOKEN), root)
            content.append(self._section("token.title", token or "", *section))
        records = await self._site.user_sessions.sessions.list(actor.id)
        devices = device_list(self._site.texts, records, session.record_id, root)
        content.append(self._section("account.sessions", devices))
        await self._site.send(exchange, "account.title", *content, status=status, headers=headers)

    def _profile(self, user: Any, root: str, filled: Filled | None) -> Any:
        parts = Parts(self._site.texts, PROFILE, filled)
        name = parts.input(
            "name", "sign_up.name", {"autocomplete": "name", "maxlength": MAX_NAME_CHARS},
            value=user.name, required=False,
        )  # fmt: skip
        address = Dl(Div(Dt(parts.text("sign_in.email")), Dd(user.email)), cls="sm-fields")
        form = parts.form(f"{root}/account", "account.save", name)
        return self._section("account.profile", address, self._confirmation(user, root), form)

    def _confirmation(self, user: Any, root: str) -> Any:
        """The button that sends the e-mail again, while the address is not confirmed."""
        texts = self._site.texts
        if user.verified or not self._site.emails.is_on:
            return ""
        again = Button(
            texts.text("confirm_address.again"), type="submit", cls="uk-btn uk-btn-default"
        )
        form = Form(again, method="post", action=f"{root}/account/confirm-address")
        return Div(P(texts.text("confirm_address.needed")), form, cls="sm-form-note")

    def _password(self, user: Any, root: str, filled: Filled | None) -> Any:
        parts = Parts(self._site.texts, PASSWORD, filled)
        if not user.password_hash:
            return self._section("account.password", *self._no_password(root))
        form = parts.form(
            f"{root}/account/password",
            "account.change_password",
            # Password managers store the new password for this name.
            parts.hidden("username", user.email, autocomplete="username"),
            parts.input("current_password", "account.current_password", PRESENT_PASSWORD),
            parts.input(
                "new_password", "account.new_password", NEW_PASSWORD,
                help_text=parts.text("sign_up.password_help", min_length=MIN_CHARS),
            ),
        )  # fmt: skip
        return self._section("account.password", form)

    def _no_password(self, root: str) -> list[Any]:
        """The sentence, and the link to choose a password by an e-mail."""
        texts = self._site.texts
        link = A(texts.text("account.choose_password"), href=f"{root}/sign-in/forgot-password")
        more = [P(link, cls="sm-form-more")] if self._site.emails.is_on else []
        return [P(texts.text("account.no_password")), *more]

    def _section(self, title: str, *content: Any) -> Any:
        heading = H2(self._site.texts.text(title), cls="sm-section-title")
        return Section(heading, *content, cls="uk-card sm-form-card sm-section")
