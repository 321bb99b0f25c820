"""The input of a field or parameter in generated pages; data only."""

from __future__ import annotations

import enum
import inspect
import math
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.access_rules import RuleExpression

WIDGETS = (
    "text", "textarea", "markdown", "number", "decimal", "range", "switch", "select", "radio",
    "checkboxes", "date", "datetime", "time", "email", "url", "tel", "color", "password", "file",
    "image", "lines", "json", "record", "hidden",
)  # fmt: skip
COLORS = ("gray", "red", "orange", "amber", "green", "teal", "blue", "purple", "pink")
FILE_WIDGETS = ("file", "image")
FORMATS = (
    "percent", "plain", "relative", "avatar", "link", "image", "bar", "bytes", "duration",
)  # fmt: skip
CURRENCY = re.compile("[A-Z]{3}")
MAX_PLACES = 20


@dataclass(frozen=True, slots=True)
class UI:
    """Metadata for the generated input, as in `Annotated[str, UI(widget="markdown")]`.

    Shapes: visible_if compares other fields of the record with constants, as in
    `record.kind == "company"` of `starmodel.access`: while it is false, forms hide the input and
    don't change the field. initial gives the value that the input of a new record begins with:
    a function of the actor (None for a guest) and the values so far, by field. accept and
    max_bytes are for uploaded files, and checked by the server too: "image/png,.pdf" as in HTML,
    and the size of one file. colors maps choices of an enum or Literal to the colours of their
    badges, one of COLORS: {"shipped": "green"}; a key is a member, or its value. format is
    "percent" for a fraction such as 0.25, "plain" for a number without thousands separators,
    "relative" for a moment ("3 hours ago"), "avatar" for a name, "link" for a URL, "image" for the
    URL of an image of this site, "bar" for a number with bounds, "bytes" for a size and "duration"
    for seconds or a `timedelta`; max is the end of a bar, else the upper bound of the field;
    render is a function of the value, or of the value and the record, which returns a component or
    a text for cells and record pages;
    decimal_places is the least number of digits after the point; currency is the code of an
    amount, "EUR", and currency_field the field of the record that has it. second_line shows the
    field below the title of its record where people choose one. choices compares fields of the
    records that a foreign key may refer to with the form, as in `record.country == form.country`;
    a commit checks it too.
    Raises: ConfigurationError, for an unknown widget, colour, format or currency, and for what is
    no condition or function.
    """

    widget: str | None = None
    placeholder: str = ""
    help: str = ""
    accept: str = ""
    max_bytes: int = 0
    format: str = ""
    decimal_places: int | None = None
    currency: str = ""
    currency_field: str = ""
    colors: Mapping[Any, str] = field(default_factory=dict, hash=False)
    visible_if: RuleExpression | None = None
    initial: Callable[[Any, Mapping[str, Any]], Any] | None = None
    second_line: bool = False
    choices: RuleExpression | None = None
    max: float | None = None
    render: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if self.widget is not None and self.widget not in WIDGETS:
            raise ConfigurationError(
                f"UI(widget={self.widget!r}) is unknown; there are {', '.join(WIDGETS)}."
            )
        for name, rule, example in (
            ("visible_if", self.visible_if, "record.kind == 'company'"),
            ("choices", self.choices, "record.country == form.country"),
        ):
            if rule is not None and not isinstance(rule, RuleExpression):
                raise ConfigurationError(
                    f"UI({name}={rule!r}): expected a comparison of starmodel.access, such as "
                    f"{example}."
                )
        if self.initial is not None and (
            not callable(self.initial) or inspect.iscoroutinefunction(self.initial)
        ):
            raise ConfigurationError(
                f"UI(initial={self.initial!r}): expected a function of (actor, values) that is "
                "not awaited."
            )
        if self.format and self.format not in FORMATS:
            raise ConfigurationError(
                f"UI(format={self.format!r}) is unknown; there are {', '.join(FORMATS)}."
            )
        if self.max is not None and not (_is_number(self.max) and 0 < self.max < math.inf):
            raise ConfigurationError(f"UI(max={self.max!r}): expected a number above 0.")
        if self.render is not None and _renderer_arity(self.render) not in (1, 2):
            raise ConfigurationError(
                f"UI(render={self.render!r}): expected a function of the value, or of the value "
                "and the record, that is not awaited."
            )
        if self.currency and not CURRENCY.fullmatch(self.currency):
            raise ConfigurationError(
                f"UI(currency={self.currency!r}) is no currency; write a code such as 'EUR'."
            )
        if self.decimal_places is not None and not 0 <= self.decimal_places <= MAX_PLACES:
            raise ConfigurationError(
                f"UI(decimal_places={self.decimal_places!r}) is not between 0 and {MAX_PLACES}."
            )
        if not isinstance(self.colors, Mapping):
            raise ConfigurationError(
                f"UI(colors={self.colors!r}) is no mapping; expected one such as "
                "{'shipped': 'green'}."
            )
        for choice, color in self.colors.items():
            if color not in COLORS:
                raise ConfigurationError(
                    f"UI(colors=…) has {color!r} for {choice!r}; there are {', '.join(COLORS)}."
                )

    @property
    def renders_record(self) -> bool:
        """Whether `render` takes the record, too."""
        return self.render is not None and _renderer_arity(self.render) == 2

    def color_of(self, choice: Any) -> str | None:
        """The colour of a member or its value; None without one."""
        for key, color in self.colors.items():
            if key == choice or _value(key) == _value(choice):
                return color
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _renderer_arity(render: Any) -> int:
    """How many values a renderer is called with: 2 with a second required parameter; 0 for none."""
    if not callable(render) or inspect.iscoroutinefunction(render):
        return 0
    try:
        parameters = inspect.signature(render).parameters.values()
    except (TypeError, ValueError):
        return 1  # a built-in function without a signature, such as `str`
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    required = [p for p in required if p.kind is not p.VAR_POSITIONAL]
    if any(p not in positional for p in required):
        return 0
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return max(len(required), 1) if positional or takes_any else 0


def _value(choice: Any) -> Any:
    return choice.value if isinstance(choice, enum.Enum) else choice


def ui_of(annotation: Any, metadata: Iterable[Any] = ()) -> UI:
    """The innermost `UI` in the metadata of an annotation; an empty one without any."""
    inner = typing.get_args(annotation)[1:] if _is_annotated(annotation) else ()
    declared = [item for item in (*metadata, *inner) if isinstance(item, UI)]
    return declared[-1] if declared else UI()


def _is_annotated(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Annotated
