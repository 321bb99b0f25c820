"""The footer of a form on a page of its own: further ways to save it, and to leave it."""

from __future__ import annotations

from pydantic_core import to_json

from starmodel.adapters.ui.elements import A, Button, Div, render
from starmodel.app.commands.binding.form_names import ADD_ANOTHER, NEXT
from starmodel.app.presentation.ui import FormFlow
from starmodel.texts.catalogue import Catalogue

_BROWSER_TEXTS = (
    "leave", "leave_yes", "discard", "discard_yes", "stay", "draft", "draft_older",
    "draft_discard", "away", "away_saving",
)  # fmt: skip


def cancel_link(flow: FormFlow, texts: Catalogue) -> str:
    """The link beside the button that saves, as HTML."""
    return render(
        A(
            texts.text("form.cancel"), {"data-cancel": True}, href=flow.cancel_url,
            cls="uk-btn uk-btn-ghost",
        )
    )  # fmt: skip


def further_ways(flow: FormFlow, texts: Catalogue) -> str:
    """The other ways to save a form, as HTML; "" for none."""
    another = duplicate = None
    if flow.may_add_another:
        another = Button(
            texts.text("form.add_another"), type="submit", name=NEXT, value=ADD_ANOTHER,
            cls="uk-btn uk-btn-default",
        )  # fmt: skip
    if flow.duplicate_url:
        duplicate = A(
            texts.text("form.duplicate"), href=flow.duplicate_url, cls="uk-btn uk-btn-ghost"
        )
    ways = [way for way in (another, duplicate) if way is not None]
    return render(Div(*ways, cls="sm-form-ways")) if ways else ""


def browser_texts(texts: Catalogue) -> str:
    """The texts that the browser says about unsaved changes and drafts, as JSON."""
    # A parameter is left in its braces for the browser.
    named = {name: texts.text(f"form.{name}", time="{time}") for name in _BROWSER_TEXTS}
    return to_json(named).decode()
