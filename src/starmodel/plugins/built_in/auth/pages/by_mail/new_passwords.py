"""The form that chooses a new password by a link, and the check of what it sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starmodel.plugins import Exchange
from starmodel.plugins.built_in.auth.pages.by_mail.common import card, token_input
from starmodel.plugins.built_in.auth.pages.parts import NEW_PASSWORD, Filled, Parts
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.passwords.rules import MIN_CHARS, check_new_password
from starmodel.plugins.built_in.auth.passwords.texts import RefusedPasswordError


def refused_password(text: str, *, personal: Iterable[str]) -> dict[str, str]:
    """The error of a password that is not accepted, by its input; empty for another."""
    try:
        check_new_password(text, personal=personal)
    except RefusedPasswordError as error:
        return {"password": error.why}
    return {}


def new_password_form(
    site: AuthSite, exchange: Exchange, path: str, token: str, *,
    email: str, submit: str, errors: dict[str, str] | None = None, before: Iterable[Any] = (),
    inputs: Iterable[Any] = (),
) -> Any:  # fmt: skip
    """The form; `before` stands above it, and `inputs` precede the password."""
    parts = Parts(site.texts, "new-password", Filled({}, errors or {}), focus="password")
    form = parts.form(
        f"{exchange.root_path}{path}", submit, token_input(token),
        # Password managers store the new password for this name.
        parts.hidden("username", email, autocomplete="username"),
        *inputs,
        parts.input(
            "password", "account.new_password", NEW_PASSWORD,
            help_text=parts.text("sign_up.password_help", min_length=MIN_CHARS),
        ),
    )  # fmt: skip
    return card(*before, form)
