"""Numbers as HTML: separators, decimals, currency and percent.

In the visitor's language; where an application has English only, `frontend/src/page/locale.js`
shows them as the browser writes numbers.
"""

from __future__ import annotations

import decimal
import re
import typing
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

from starmodel.adapters.ui.compiled import escaped
from starmodel.core.classes.foreign_keys import foreign_keys
from starmodel.core.definition.formats import upper_bound
from starmodel.core.entity import Entity
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.widgets import CURRENCY, MAX_PLACES, UI, ui_of
from starmodel.core.snapshot import hidden_of
from starmodel.core.values.bounds import number_text
from starmodel.texts.formats import Formats

GROUPED_FROM = 10_000  # smaller integers are often years and numbers of houses
MAX_SHOWN_DIGITS = 100  # longer numbers have no separators
_EXACT = decimal.Context(prec=3 * MAX_SHOWN_DIGITS)
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
NUMBERS = (int, float, decimal.Decimal)


class Amount(NamedTuple):
    """An amount with the currency of its record, "" for none."""

    value: Any
    currency: str


def with_places(ui: UI, metadata: Iterable[Any]) -> UI:
    """The options with the decimals and the bound of a field's constraints, unless they have some.

    The bound is the end of a bar.
    """
    metadata = tuple(metadata)
    if ui.format == "bar" and ui.max is None:
        ui = replace(ui, max=upper_bound(metadata))
    places = (getattr(item, "decimal_places", None) for item in metadata)
    found = next((number for number in places if number is not None), None)
    if ui.decimal_places is None and found is not None:
        return replace(ui, decimal_places=min(found, MAX_PLACES))
    return ui


def shown_as(cls: type[Entity], spec: FieldSpec) -> UI:
    """The options of a field's number: its decimals, and no separators in ids and keys."""
    ui = with_places(spec.ui, spec.info.metadata)
    is_key = spec.name == "id" or any(key.field == spec.name for key in foreign_keys(cls))
    return replace(ui, format="plain") if is_key and not ui.format else ui


def computed_as(cls: type[Entity], name: str) -> UI:
    """The options in the return annotation of a computed field."""
    annotation = cls.__pydantic_computed_fields__[name].return_type
    given = typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()
    constraints = [each for item in given for each in getattr(item, "metadata", (item,))]
    return with_places(ui_of(annotation), constraints)


def read_amount(spec: FieldSpec) -> Callable[[Entity], Any]:
    """Reads a field, as an `Amount` where another field of the record has its currency."""
    own, name = spec.name, spec.ui.currency_field
    if not name:
        return lambda entity: getattr(entity, own, None)

    def amount(entity: Entity) -> Any:
        value = getattr(entity, own, None)
        known = "" if name in hidden_of(entity) else str(getattr(entity, name, "") or "")
        return value if value is None else Amount(value, known)

    return amount


def number_renderer(kind: type, ui: UI, formats: Formats | None = None) -> Callable[[Any], str]:
    """The renderer of numbers as `<data>`, with the value for programs and the text for people.

    Shapes: formats are those of the language, None for English.
    """
    if ui.format == "plain":
        return number_text if issubclass(kind, int) else str
    is_simple = not (ui.format or ui.currency or ui.currency_field or ui.decimal_places)

    def show(value: Any) -> str:
        value, currency = value if isinstance(value, Amount) else (value, ui.currency)
        if is_simple and type(value) is int and -GROUPED_FROM < value < GROUPED_FROM:
            return str(value)
        text = _digits(value)
        if text is None:
            return escaped(number_text(value) if isinstance(value, int) else value)
        known = currency if CURRENCY.fullmatch(currency) else ""
        places = ui.decimal_places
        if places is None and known:
            places = 0 if known in WITHOUT_CENTS else 2
        attributes = "" if places is None else f' data-places="{places}"'
        attributes += " data-percent" if ui.format == "percent" else ""
        attributes += f' data-currency="{known}"' if known else ""
        if formats is None:
            shown = english(text, places or 0, is_percent=ui.format == "percent")
            shown = f"{known} {shown}" if known else shown
        else:
            shown = escaped(_written(formats, decimal.Decimal(text), places or 0, ui, known))
        return f'<data value="{text}" data-local{attributes}>{shown}</data>'

    return show


def _written(formats: Formats, number: decimal.Decimal, places: int, ui: UI, currency: str) -> str:
    """The number as a language writes it. Shapes: currency is a code, or ""."""
    if ui.format == "percent":
        return formats.percent(number, places)
    if currency:
        return formats.currency(number, places, currency)
    return formats.number(number, places)


def english(text: str, places: int, *, is_percent: bool = False, grouped: bool = True) -> str:
    """The digits with English separators and at least so many decimals; "25%" for 0.25.

    >>> english("6125.6", 2), english("0.075", 0, is_percent=True)
    ('6,125.60', '7.5%')
    """
    number = decimal.Decimal(text)
    if is_percent:
        number = _EXACT.normalize(_EXACT.scaleb(number, 2))
        text = f"{number:f}"
    places = max(places, len(text.partition(".")[2]))
    shown = f"{number:,.{places}f}" if grouped else f"{number:.{places}f}"
    return f"{shown}%" if is_percent else shown


def typed(value: Any, ui: UI) -> str | None:
    """The text of a number in an input, "25%" for a percentage; None for what is no number."""
    digits = _digits(value)
    if digits is None:
        return None
    is_percent = ui.format == "percent"
    return english(digits, ui.decimal_places or 0, is_percent=is_percent, grouped=False)


def _digits(value: Any) -> str | None:
    """The digits of a number without an exponent; None for one that is not finite, or too long."""
    text = number_text(value) if isinstance(value, int) else str(value)
    if len(text) <= MAX_SHOWN_DIGITS and _PLAIN.fullmatch(text):
        return text
    try:
        number = decimal.Decimal(text)
    except decimal.InvalidOperation:
        return None  # stored by an external writer
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MAX_SHOWN_DIGITS:
        return None
    return f"{number:f}" if number.adjusted() < MAX_SHOWN_DIGITS else None
