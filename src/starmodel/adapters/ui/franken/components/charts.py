"""Charts: what a browser draws from rows, with a table of the same values."""

from __future__ import annotations

import datetime
import decimal
import numbers
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import (
    Details,
    Div,
    Figcaption,
    Figure,
    P,
    Summary,
    Table,
    Tbody,
    Td,
    Th,
    Thead,
    Tr,
    element,
)  # fmt: skip
from starmodel.adapters.ui.values import value_renderer
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.snapshot import hidden_of
from starmodel.core.values.json_data import script_element_json
from starmodel.texts.catalogue import Catalogue

KINDS = ("line", "bar", "area", "pie")
MAX_POINTS = 1000
_MARKUP = re.compile("[<&]")
# Beside the theme's colour: hues that differ in light and in dark, and for colour-blind people.
COLOURS = ("hsl(var(--primary))", "#f59e0b", "#0d9488", "#a855f7", "#e11d48", "#64748b", "#84cc16")


class Points(NamedTuple):
    """What a chart shows. Shapes: series has the values of each name, one for each label."""

    labels: list[Any]
    series: dict[str, list[Any]]


def points_of(rows: Any, x: str, y: str | Sequence[str]) -> Points:
    """The points of rows: a mapping of label to value, pairs, mappings or entities.

    Raises: ConfigurationError, for rows without these fields, and for too many.
    """
    names = [y] if isinstance(y, str) else list(y)
    given = list(rows.items()) if isinstance(rows, Mapping) else list(rows)
    if len(given) > MAX_POINTS:
        raise ConfigurationError(
            f"A chart has {len(given)} rows; expected at most {MAX_POINTS}. Group them first."
        )
    labels, series = [], {name: list[Any]() for name in names}
    for row in given:
        if isinstance(row, tuple | list):
            label, *values = row
            values = values[: len(names)]
        else:
            label, *values = (_field(row, name) for name in (x, *names))
        if len(values) != len(names):
            raise ConfigurationError(
                f"A chart of {', '.join(names)} got the row {row!r:.200}; expected a label and "
                f"{len(names)} values."
            )
        labels.append(label)
        for name, value in zip(names, values, strict=True):
            series[name].append(_number(name, value))
    return Points(labels, series)


def chart(
    texts: Catalogue, points: Points, kind: str, title: str, x_title: str, height: int
) -> Any:
    """The figure: caption, drawing and table.

    Units: height is in pixels.
    Raises: ConfigurationError, for an unknown kind.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"chart kind is {kind!r}; expected one of {', '.join(KINDS)}.")
    caption = Figcaption(title)
    if not points.labels:
        return Figure(
            caption, P(texts.text("chart.empty"), cls="sm-muted"), cls="uk-card own-chart"
        )
    options = Safe(
        f'<script type="application/json">{script_element_json(_options(points, kind, height))}'
        "</script>"
    )
    drawn = Div(
        element("uk-chart", options), aria_hidden="true", style=f"min-height:{height + 15}px"
    )
    return Figure(caption, drawn, _table(texts, points, x_title, title), cls="uk-card own-chart")


def _options(points: Points, kind: str, height: int) -> dict[str, Any]:
    """The options of ApexCharts, with the colours of the theme."""
    shared = {
        "chart": {
            "type": kind, "height": height, "toolbar": {"show": False}, "zoom": {"enabled": False},
            "fontFamily": "inherit", "animations": {"enabled": False},
        },
        "colors": list(COLOURS),
        "dataLabels": {"enabled": False},
        "legend": {"show": kind == "pie" or len(points.series) > 1, "position": "bottom"},
    }  # fmt: skip
    labels = [_label(each) for each in points.labels]
    if kind == "pie":
        [values, *_] = points.series.values()
        return {**shared, "series": values, "labels": labels, "stroke": {"width": 1}}
    return {
        **shared,
        "series": [{"name": _drawn(_title(name)), "data": d} for name, d in points.series.items()],
        "xaxis": {"categories": labels},
        "fill": {"type": "solid"},
        "stroke": {"width": 0 if kind == "bar" else 2, "curve": "straight"},
        "plotOptions": {"bar": {"borderRadius": 4, "columnWidth": "60%"}},
    }


def _table(texts: Catalogue, points: Points, x_title: str, title: str) -> Any:
    """The values as a table, closed at first."""
    names = [Th(_title(name), scope="col", cls="sm-number") for name in points.series]
    rows = [
        Tr(
            Th(_cell(texts, label), scope="row"),
            *[Td(_cell(texts, data[n]), cls="sm-number") for data in points.series.values()],
        )
        for n, label in enumerate(points.labels)
    ]
    head = Thead(Tr(Th(_title(x_title), scope="col"), *names))
    table = Table(head, Tbody(*rows), aria_label=title)
    return Details(Summary(texts.text("chart.table")), table)


def _cell(texts: Catalogue, value: Any) -> Any:
    if isinstance(value, str):
        return value
    return Safe(value_renderer(type(value), brief=True, texts=texts)(value))


def _field(row: Any, name: str) -> Any:
    """A field of a row; None for one that is hidden from the viewer."""
    try:
        if isinstance(row, Mapping):
            return row[name]
        if isinstance(row, Entity) and name in hidden_of(row):
            return None
        return getattr(row, name)
    except (KeyError, AttributeError):
        raise ConfigurationError(
            f"A chart reads {name!r} from {type(row).__name__}, which has no such field."
        ) from None


def _number(name: str, value: Any) -> Any:
    if value is None or (isinstance(value, numbers.Real) and not isinstance(value, bool)):
        return value
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise ConfigurationError(f"A chart draws {name!r}, which is {value!r:.80}; expected a number.")


def _label(value: Any) -> str:
    value = value.value if isinstance(value, Enum) else value
    return _drawn(value.isoformat() if isinstance(value, datetime.date) else str(value))


def _drawn(text: str) -> str:
    """A text that is the same as HTML and as plain text, without tags and character references.

    ApexCharts puts labels into SVG as text, and into its legend and tooltips as HTML. A space
    without a width keeps `<` and `&` from beginning anything.
    """
    return _MARKUP.sub("\\g<0>\u200b", text)


def _title(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
