"""Tiles: one figure with its label."""

from __future__ import annotations

from typing import Any

from fastcore.xml import FT, Safe

from starmodel.adapters.ui.elements import A, Div, P, Span
from starmodel.adapters.ui.numbers import WITHOUT_CENTS
from starmodel.adapters.ui.values import value_renderer
from starmodel.core.fields.widgets import UI
from starmodel.texts.catalogue import Catalogue


def tile(
    texts: Catalogue, label: Any, figure: Any, change: float | None, note: Any, link: str, ui: UI
) -> Any:
    """The tile. Shapes: change is a fraction, 0.12 for 12 % more."""
    head = A(label, href=link, cls="sm-card-title") if link else Span(label, cls="sm-muted")
    parts = [head, P(_shown(texts, figure, ui), cls="own-figure")]
    if change is not None:
        parts.append(_change(texts, change))
    if note:
        parts.append(Span(note, cls="sm-muted"))
    return Div(*parts, cls="uk-card sm-card own-tile")


def _shown(texts: Catalogue, figure: Any, ui: UI) -> Any:
    """A number or a date as people write it; components and texts unchanged."""
    is_component = isinstance(figure, str | FT | tuple | list) or hasattr(figure, "__html__")
    if is_component:
        return figure
    if isinstance(figure, float) and (ui.currency or ui.decimal_places is not None):
        usual = 0 if ui.currency in WITHOUT_CENTS else 2
        figure = round(figure, usual if ui.decimal_places is None else ui.decimal_places)
    return Safe(value_renderer(type(figure), ui, texts=texts)(figure))


def _change(texts: Catalogue, change: float) -> Any:
    """The change in words for screen readers, with its sign and colour for others."""
    percent = f"{abs(change):.1%}".replace(".0%", "%")
    if not change:
        return Span(texts.text("tile.same"), cls="sm-muted")
    is_more = change > 0
    key = "tile.more" if is_more else "tile.less"
    said = Span(texts.text(key, share=percent), cls="sm-hidden")
    shown = Span(f"{'▲' if is_more else '▼'} {percent}", aria_hidden="true")
    return Span(said, shown, cls="own-more" if is_more else "own-less")
