"""The form of re-authentication by password, and its verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastcore.xml import H2, Button, Dialog, Div, Form, Input, Label, P

from starmodel.app.presentation.confirmation import PROOF
from starmodel.core.errors import RequestError, TooManyAttemptsError
from starmodel.plugins import Exchange, Page
from starmodel.plugins.built_in.auth.pages.next_page import NEXT, go_on, own_path
from starmodel.plugins.built_in.auth.passwords.hashing import password_hasher
from starmodel.plugins.built_in.auth.passwords.texts import RefusedPasswordError
from starmodel.texts.catalogue import Message

if TYPE_CHECKING:
    from starmodel.plugins.built_in.auth.pages.site import AuthSite

PATH = "/account/password/confirm"
FORM = "starmodel-confirm"
"""The id of the form, and the prefix of those inside of it."""


class PasswordConfirmation:
    """Verifies the password of the signed-in user, within the limits of sign-in attempts."""

    path = PATH

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def verify(self, exchange: Exchange, proof: str) -> str:
        """ "" for the password of the signed-in user, else why it is refused."""
        user = await self._site.accounts.of_actor(exchange.session.actor)
        if user is None or user.disabled or not user.password_hash:
            return Message("sudo.no_password")
        attempt = await self._site.throttle.begin(exchange, user.email)
        try:
            verified = await password_hasher().verify(user.password_hash, proof)
        except RefusedPasswordError:  # a text that is no password
            return Message("sudo.wrong")
        if not verified.ok:
            return Message("sudo.wrong")
        await self._site.throttle.succeeded(exchange, attempt)
        return ""

    def form(self, url: str, fields: Sequence[tuple[str, str]], why: str, *, modal: bool) -> Any:
        """The dialog with the form, modal in an open page, else as the content of its own page."""
        texts = self._site.texts
        hidden = [Input(type="hidden", name=name, value=text) for name, text in fields]
        described = f"{FORM}-why" + (f" {FORM}-problem" if why else "")
        content = Form(
            P(why, id=f"{FORM}-problem", cls="sm-form-problem", role="alert") if why else "",
            P(texts.text("sudo.why"), id=f"{FORM}-why", cls="sm-help"),
            *hidden,
            Div(
                Label(texts.text("sign_in.password"), cls="uk-form-label", fr=f"{FORM}-password"),
                Input(
                    id=f"{FORM}-password", name=PROOF, type="password", cls="uk-input",
                    required=True, autocomplete="current-password", autofocus=True,
                    aria_describedby=described, aria_invalid=str(bool(why)).lower(),
                ),
                cls="sm-field",
            ),
            Div(
                Button(texts.text("sudo.submit"), type="submit", cls="uk-btn uk-btn-primary"),
                cls="sm-form-end",
            ),
            method="post", action=url, cls="sm-form",
        )  # fmt: skip
        cls = "uk-card sm-form-card sm-form-narrow"
        if not modal:
            return Div(content, id=FORM, cls=cls)
        cancel = Button(texts.text("sudo.cancel"), cls="uk-btn uk-btn-default")
        return Dialog(
            H2(texts.text("sudo.title"), id=f"{FORM}-title", cls="sm-section-title"),
            content,
            Form(cancel, method="dialog"),
            id=FORM, cls=f"{cls} sm-confirm", aria_labelledby=f"{FORM}-title",
            **{"data-init": "el.showModal()"},
        )  # fmt: skip

    async def require(
        self, exchange: Exchange, url: str, fields: Mapping[str, str], proof: str | None
    ) -> bool:
        """Return whether the session was authenticated recently; else send the password form.

        Shapes: fields are sent to the URL again, together with the proof.
        """
        application, session = self._site.application, exchange.session
        if application.clock() - session.confirmed_at <= application.dispatcher.sudo_s:
            return True
        status, why, headers = 401, "", list[tuple[bytes, bytes]]()
        if proof is not None:
            try:
                why = await self.verify(exchange, proof)
            except TooManyAttemptsError as error:
                why, status = error.message, error.status
                headers = [(b"retry-after", str(error.retry_after_s).encode())]
            if not why:
                session.confirm()
                await exchange.save_session()
                await application.end_sessions(session)
                return True
        form = self.form(url, [*fields.items()], self._site.texts.render(why), modal=False)
        await self._site.send(exchange, "sudo.title", form, status=status, headers=headers)
        return False

    async def show(self, exchange: Exchange) -> Any:
        """Send the page with the password form."""
        path = own_path(exchange.request.query.get(NEXT, ""))
        return Page(Message("sudo.title"), self._page_form(exchange, path, ""))

    async def run(self, exchange: Exchange) -> None:
        """Verify the password alone: 204 for programs, else the page that `next` names."""
        request = exchange.request
        fields = (await request.form())[0] if request.is_form else await request.json()
        request.close_files()
        proof, path = fields.get(PROOF, fields.get("password", "")), fields.get(NEXT, "")
        if not isinstance(proof, str) or not isinstance(path, str):
            raise RequestError("The password is no text.")
        status, headers = 422, list[tuple[bytes, bytes]]()
        try:
            why = await self.verify(exchange, proof)
        except TooManyAttemptsError as error:
            if not request.wants_html:
                raise
            why, status = error.message, error.status
            headers = [(b"retry-after", str(error.retry_after_s).encode())]
        if why:
            if not request.wants_html:
                raise RequestError(why, status=status)
            form = self._page_form(exchange, own_path(path), self._site.texts.render(why))
            await self._site.send(exchange, "sudo.title", form, status=status, headers=headers)
            return
        exchange.session.confirm()
        await exchange.save_session()
        await self._site.application.end_sessions(exchange.session)
        if request.wants_html:
            await go_on(exchange, path or "/account")
        else:
            await exchange.empty(204)

    def _page_form(self, exchange: Exchange, path: str, why: str) -> Any:
        fields = [(NEXT, path)] if path else []
        return self.form(f"{exchange.root_path}{PATH}", fields, why, modal=False)
