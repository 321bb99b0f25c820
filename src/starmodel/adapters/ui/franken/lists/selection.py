"""What the bar of bulk events says of the chosen rows, and the choice of all records of a list."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import Button, Div, Span
from starmodel.adapters.ui.franken.lists.rows import ListView

_QUIET = "uk-btn uk-btn-ghost uk-btn-sm"


def selection(view: ListView, matching_url: str) -> Any:
    """The number of chosen rows, with buttons that only a browser with JavaScript shows.

    Shapes: matching_url takes events for all records of the list, "" where it is not served.
    """
    texts, every = view.texts, None
    nothing = texts.text("bulk.nothing")
    count = Span(
        nothing, cls="sm-count", role="status", data_count=True, data_nothing=nothing,
        data_chosen=texts.text("bulk.chosen", count="{count}"),
        data_all_chosen=texts.text("bulk.all_chosen", total="{total}"),
        data_running=texts.text("bulk.running", done="{done}", total="{total}"),
    )  # fmt: skip
    if matching_url:
        label = texts.text("bulk.all", total="{total}")
        every = Button(
            label, type="button", hidden=True, data_all=matching_url, data_label=label,
            data_ask_all=texts.text(
                "bulk.ask", event="{event}", count="{n}", things=view.entity_type.plural_title
            ),
            data_refuse=texts.text("bulk.will_refuse", count="{n}"),
            data_stop=texts.text("bulk.stop"),
            data_stopped=texts.text("bulk.stopped", done="{done}", total="{total}"),
            data_cancel=texts.text("bulk.cancel"), data_close=texts.text("bulk.close"),
            data_more=texts.text("bulk.more_refused", count="{count}"),
            data_lost=texts.text("bulk.lost"), cls=_QUIET,
        )  # fmt: skip
    release = Button(texts.text("bulk.release"), type="button", data_release=True, cls=_QUIET)
    return Div(count, every, release, cls="sm-bulk-choice")
