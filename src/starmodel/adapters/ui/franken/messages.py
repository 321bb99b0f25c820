"""Temporary messages to one visitor: toasts and progress bars."""

from __future__ import annotations

import re
from typing import Any

from starmodel.adapters.ui.elements import A, Button, Div, P, Span
from starmodel.adapters.ui.elements import Progress as ProgressBar
from starmodel.adapters.ui.franken.icons import icon
from starmodel.core.events.results import Progress, Toast
from starmodel.texts.catalogue import Catalogue

_PATH = re.compile(r"/(?![/\\])")  # of this site
_ICONS = {"success": "check", "error": "alert", "warning": "alert"}


def toast_message(toast: Toast, icons_url: str, texts: Catalogue) -> Any:
    """A dismissible toast component; errors use an assertive ARIA role."""
    close = Button(
        icon("close", icons_url), Span(texts.text("page.dismiss"), cls="sm-hidden"), type="button",
        data_dismiss=True, cls="uk-btn uk-btn-ghost uk-btn-icon uk-btn-xs",
    )  # fmt: skip
    symbol = icon(_ICONS.get(toast.kind, "info"), icons_url)
    role = "alert" if toast.kind == "error" else "status"
    link = None
    if toast.link and _PATH.match(toast.url):
        link = A(toast.link, href=toast.url, cls="sm-toast-link")
    return Div(symbol, P(toast.text), link, close, data_toast=toast.kind, role=role, cls="sm-toast")


def progress_message(id: str, progress: Progress, texts: Catalogue, cancel: str = "") -> Any:
    """A progress bar with a message; an indeterminate one is animated.

    Shapes: cancel is the expression that ends the event, "" for one that can't be ended.
    """
    value = {} if progress.done is None else {"value": f"{progress.done:.3f}"}
    text = progress.text or texts.text("page.working")
    bar = ProgressBar(value, max="1", aria_label=text)
    button = None
    if cancel:
        button = Button(
            texts.text("event.cancel"), {"data-on:click": cancel}, type="button",
            cls="uk-btn uk-btn-default uk-btn-xs sm-cancel",
        )  # fmt: skip
    return Div(
        Div(P(text), bar, button), id=id, data_toast="progress", role="status", cls="sm-toast"
    )
