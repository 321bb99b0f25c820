"""The section of the account page with the tokens of the user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastcore.xml import Button, Code, Div, Form, Input, Li, Option, Select, Time, Ul
from fastcore.xml import Label as LabelTag

from starmodel.app.credentials.tokens.tokens import MAX_NAME_CHARS
from starmodel.app.ports.credentials.tokens import TokenRecord
from starmodel.plugins.built_in.auth.pages.parts import Filled, Parts
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.dates import day_text

FORM = "account-token"
LIFETIMES = (7, 30, 90, 365)
MAX_GRANTS_CHARS = 2_000


def token_section(
    texts: Catalogue, records: Sequence[TokenRecord], filled: Filled | None, root_path: str
) -> Sequence[Any]:
    """The tokens of a user, and the form that creates one."""
    parts = Parts(texts, FORM, filled)
    days = filled.values.get("days", "90") if filled is not None else "90"
    lasts = Select(
        *(
            Option(texts.text("token.days", days=each), value=each, selected=str(each) == days)
            for each in LIFETIMES
        ),
        id=f"{FORM}-days", name="days", cls="uk-select",
    )  # fmt: skip
    form = parts.form(
        f"{root_path}/account/tokens",
        "token.create",
        parts.input(
            "name", "token.name", {"maxlength": MAX_NAME_CHARS, "autocomplete": "off"},
            help_text=texts.text("token.name_help"),
        ),
        parts.input(
            "grants", "token.grants",
            {"maxlength": MAX_GRANTS_CHARS, "autocomplete": "off", "spellcheck": "false"},
            help_text=texts.text("token.grants_help"),
        ),
        Div(
            LabelTag(texts.text("token.lasts"), cls="uk-form-label", fr=f"{FORM}-days"), lasts,
            cls="sm-field",
        ),
    )  # fmt: skip
    items = [_item(texts, record, root_path) for record in records]
    return [Ul(*items, cls="sm-devices") if items else "", form]


def new_token_field(texts: Catalogue, token: str) -> Any:
    """The text of a new token, in the only page that shows it."""
    own = f"{FORM}-new"
    return Div(
        LabelTag(texts.text("token.shown_once"), cls="uk-form-label", fr=own),
        Input(
            id=own, type="text", value=token, readonly=True, autofocus=True, cls="uk-input",
            autocomplete="off", spellcheck="false",
        ),
        cls="sm-field", role="status",
    )  # fmt: skip


def _item(texts: Catalogue, record: TokenRecord, root_path: str) -> Any:
    used = texts.text("token.unused")
    if record.used_at is not None:
        used = texts.text("token.used", date=_date(texts, record.used_at))
    expires = Time(
        texts.text("token.expires", date=_date(texts, record.expires_at)),
        datetime=datetime.fromtimestamp(record.expires_at, UTC).isoformat(timespec="seconds"),
    )
    revoke = Form(
        Input(type="hidden", name="handle", value=record.handle),
        Button(
            texts.text("token.revoke"), type="submit", cls="uk-btn uk-btn-default uk-btn-sm",
            aria_label=texts.text("token.revoke_named", name=record.name),
        ),
        method="post", action=f"{root_path}/account/tokens/revoke",
    )  # fmt: skip
    about = Div(expires, ", ", used, cls="sm-muted")
    grants = Div(Code(" ".join(record.grants)), cls="sm-muted")
    return Li(Div(Div(record.name), grants, about), revoke)


def _date(texts: Catalogue, at: float) -> str:
    return day_text(texts, datetime.fromtimestamp(at, UTC))
