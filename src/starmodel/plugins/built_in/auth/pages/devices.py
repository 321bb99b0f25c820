"""The list of devices that are signed in, each with the button that signs it out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastcore.xml import Button, Div, Form, Input, Li, Span, Time, Ul

from starmodel.app.ports.sessions import SessionRecord
from starmodel.plugins.built_in.auth.users.device_names import device_name
from starmodel.texts.catalogue import Catalogue
from starmodel.texts.dates import moment_text

MAX_DEVICES = 50


def device_list(
    texts: Catalogue, records: Sequence[SessionRecord], present: str, root_path: str
) -> Any:
    """The newest sessions, the present one first.

    Shapes: present is the id of the present session's record.
    """
    ordered = sorted(records, key=lambda record: record.id != present)
    items = [_item(texts, record, present, root_path) for record in ordered[:MAX_DEVICES]]
    others = None
    if any(record.id != present for record in records):
        button = Button(
            texts.text("account.end_others"), type="submit", cls="uk-btn uk-btn-default"
        )
        others = Form(button, method="post", action=f"{root_path}/account/sessions/end-others")
    return Div(Ul(*items, cls="sm-devices"), others or "")


def _item(texts: Catalogue, record: SessionRecord, present: str, root_path: str) -> Any:
    browser, system = device_name(record.device)
    device = browser or system or texts.text("account.unknown_device")
    if browser and system:
        device = texts.text("account.device", browser=browser, system=system)
    about = [_since(texts, record.created_at)]
    if record.address:
        about += [" ", texts.text("account.from", address=record.address)]
    if record.id == present:
        action = Span(texts.text("account.this_session"), cls="uk-badge sm-badge")
    else:
        label = texts.text("account.end_session_of", device=device)
        action = Form(
            Input(type="hidden", name="session", value=record.id),
            Button(
                texts.text("account.end_session"), type="submit", aria_label=label,
                cls="uk-btn uk-btn-default uk-btn-sm",
            ),
            method="post", action=f"{root_path}/account/sessions/end",
        )  # fmt: skip
    return Li(Div(Div(device), Div(*about, cls="sm-muted")), action)


def _since(texts: Catalogue, at: float) -> Any:
    moment = datetime.fromtimestamp(at, UTC)
    text = texts.text("account.since", moment=moment_text(texts, moment, "UTC"))
    return Time(text, datetime=moment.isoformat(timespec="seconds"))
