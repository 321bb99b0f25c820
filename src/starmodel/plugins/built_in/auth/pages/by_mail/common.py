"""What the pages of e-mails share."""

from __future__ import annotations

from typing import Any

from fastcore.xml import A, Div, Input, P

from starmodel.app.credentials.one_time import Issued
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.auth.pages.parts import ADDRESS, Filled, Parts
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.users.addresses import normalised_address
from starmodel.texts.catalogue import Message

TOKEN = "token"  # noqa: S105 - the name of a parameter
MAX_TYPED_CHARS = 254


HIDES_QUERY = ((b"referrer-policy", b"strict-origin"),)
"""Headers of a page whose URL has a secret: no other request gets the URL.

Without any referrer, browsers would send "null" as the origin of the form.
"""


def card(*content: Any) -> Any:
    """A narrow card with the content of a page."""
    return Div(*content, cls="uk-card sm-form-card sm-form-narrow")


def about(text: str, **attributes: Any) -> Any:
    """The text above a form."""
    return P(text, cls="sm-form-about", **attributes)


def token_input(token: str) -> Any:
    """The hidden input that sends the secret of a link back."""
    return Input(type="hidden", name=TOKEN, value=token)


async def look(site: AuthSite, exchange: Exchange, purpose: str) -> tuple[str, Issued | None]:
    """The secret in the URL of a GET, and what it is for; changes nothing."""
    site.emails.check()
    token = exchange.request.query.get(TOKEN, "")
    return token, await site.emails.secrets.look(purpose, token)


async def refuse(site: AuthSite, exchange: Exchange) -> None:
    """Send the one page for every link and code that is expired, used up or unknown."""
    link = A(
        site.texts.text("sign_in.title"), href=f"{exchange.root_path}/sign-in",
        cls="uk-btn uk-btn-default",
    )  # fmt: skip
    content = card(about(site.texts.text("by_mail.invalid"), role="alert"), link)
    await site.send(exchange, "by_mail.invalid_title", content, status=410)


async def refuse_use(site: AuthSite, exchange: Exchange) -> None:
    """Count a link that is sent back and not valid, and send the page of `refuse`.

    Raises: TooManyAttemptsError, after many of one network.
    """
    await site.emails.limits.claim_use(exchange)
    await refuse(site, exchange)


async def typed_address(
    site: AuthSite, exchange: Exchange, fields: dict[str, str]
) -> tuple[str, Filled]:
    """The address in a form, counted by the limits, and what to fill the form with again.

    "" for a text that is no address; its error is in the form.
    Raises: RequestError; TooManyAttemptsError, the same for known and unknown addresses.
    """
    site.emails.check()
    typed = fields.get("email", "")
    email = normalised_address(typed)
    if email:
        await site.emails.limits.claim_email(exchange, email)
    errors = {} if email else {"email": Message("account.address")}
    return email, Filled({"email": typed[:MAX_TYPED_CHARS]}, errors)


def address_form(
    site: AuthSite, exchange: Exchange, key: str, path: str, filled: Filled | None = None,
    *, next_path: str = "",
) -> Any:  # fmt: skip
    """The form for an address. Shapes: key is the prefix of its texts."""
    parts = Parts(site.texts, key.replace("_", "-"), filled, focus="email")
    form = parts.form(
        f"{exchange.root_path}{path}",
        f"{key}.submit",
        about(parts.text(f"{key}.help")),
        parts.input("email", "sign_in.email", ADDRESS),
        next_path=next_path,
    )
    return card(form)


async def finish_sign_in(site: AuthSite, exchange: Exchange, user: Any) -> None:
    """Sign the session in as a user who has proven the address.

    Raises: SignInRefusedError, for a disabled user.
    """
    await site.accounts.run(user.do.sign_in_by_mail(), session=exchange.session)
    await exchange.save_session()
    await site.application.end_sessions(exchange.session)
