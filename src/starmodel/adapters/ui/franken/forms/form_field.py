"""One input of a form, and the encoding of its value."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import to_json

from starmodel.adapters.ui.choices import choice_key
from starmodel.adapters.ui.numbers import typed
from starmodel.app.commands.binding.files import FileRule
from starmodel.app.commands.binding.form_texts import lines_of, without_zone
from starmodel.app.commands.binding.number_texts import plain_number
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.fields.transitions import Transitions
from starmodel.core.fields.widgets import UI

if TYPE_CHECKING:
    from starmodel.adapters.ui.compiled import Template

ROW, FORM = "\ue010", "\ue011"
"""What stands for the path of a row, and for the form's id, in the names of a row's inputs."""

PAIR = "pair"
"""The kind of a row that is the key and the value of a mapping."""

CHOOSING = ("select", "radio", "checkboxes")
_TALL = ("textarea", "markdown", "lines", "json", "hidden")
_EMPTY_IS_NONE = (
    "number",
    "decimal",
    "date",
    "datetime",
    "time",
    "lines",
    "json",
    "select",
    "record",
)
_COLOR = re.compile("#[0-9a-fA-F]{6}")
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?")


class Within(NamedTuple):
    """Where an input stands.

    Shapes: form is the id of its form; path its name in it; errors are sentences by name.
    """

    form: str = ""
    path: str = ""
    errors: Mapping[str, str] = MappingProxyType({})

    def inside(self, name: str) -> Within:
        """The place of a part with this name."""
        return self._replace(path=f"{self.path}.{name}")

    @property
    def error(self) -> str:
        return self.errors.get(self.path, "")


@dataclass(frozen=True, slots=True)
class RowEditor:
    """The inputs of one row of a list or mapping, and the words of the editor.

    Shapes: item is the input of one row, whose name is `ROW`; blank the value of a new row;
    is_ordered is True where the order of rows is part of the value.
    """

    item: FormField
    blank: Any
    add: str
    remove: str
    up: str
    down: str
    added: str
    removed: str
    moved: str
    is_ordered: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a form.

    Shapes: kind is one of `starmodel.core.fields.widgets.WIDGETS`, or "group" for
    a nested model, whose fields are parts, "rows" for a list or mapping, with
    its editor, "records" for the ids of several records, or "unread" for records of a class
    that the visitor may not read; choices are (value, label)
    pairs; limits are attributes of the input, such as {"min": 0}; file is the validation
    rule of a file input; record is the entity class of a record input; is_key is True
    for a foreign key, whose value is an id; optional is True when None is a valid value;
    given is the label of the switch that a nested model which may be None has; in_own_zone
    is True for datetimes that a browser shows in its time zone; ui has the format of a
    number; choosing has the texts of a record input by name; rule names its `ChoiceRule`,
    and needs are the (query parameter, name of the input) of what that reads; transitions are
    the steps that a stored choice may take.
    """

    name: str
    kind: str
    title: str
    help: str = ""
    placeholder: str = ""
    required: bool = False
    choices: tuple[tuple[Any, str], ...] = ()
    limits: tuple[tuple[str, Any], ...] = ()
    record: type[Entity] | None = None
    optional: bool = False
    file: FileRule | None = None
    parts: tuple[FormField, ...] = ()
    is_key: bool = False
    editor: RowEditor | None = None
    given: str = ""
    in_own_zone: bool = False
    ui: UI = UI()  # noqa: RUF009 - frozen, so it can be shared
    row: Template | None = field(default=None, compare=False)
    choosing: tuple[tuple[str, str], ...] = ()
    transitions: Transitions | None = None
    rule: str = ""
    needs: tuple[tuple[str, str], ...] = ()

    def json(self, value: Any) -> str:
        """The value as JSON text."""
        return to_json(plain(value), fallback=str, indent=2).decode()

    def of_part(self, part: FormField, value: Any) -> Any:
        """The value of one part of a nested model."""
        name = part.name.rpartition(".")[2]
        return value.get(name) if isinstance(value, dict) else getattr(value, name, None)

    def text(self, value: Any) -> str:
        """Encode a value for the input; a rejected string is returned unchanged."""
        if value is None or self.kind in ("password", "file", "image"):
            return ""
        if self.kind == "lines" and isinstance(value, list | tuple | set | frozenset):
            items = [str(plain(item)) for item in value]
            text = "\n".join(items)
            return text if lines_of(text) == items else to_json(items, indent=2).decode()
        if self.kind == "json" and not isinstance(value, str):
            return self.json(value)
        if self.kind in ("datetime", "time"):
            moment = _moment(value)
            return choice_key(value) if moment is None else without_zone(moment)
        # A string of digits is a number in JSON; what was typed for a percentage has its sign.
        if self.kind == "decimal" and (not isinstance(value, str) or _NUMBER.fullmatch(value)):
            return typed(value, self.ui) or choice_key(plain(value))
        return choice_key(plain(value))

    def _reads(self, text: str) -> str:
        """What the server reads of an unchanged text."""
        return plain_number(text) if self.ui.format == "percent" else text

    def chosen(self, value: Any) -> frozenset[str]:
        """The choice keys that a value selects."""
        several = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        return frozenset(choice_key(plain(item)) for item in several if item is not None)

    def several(self, value: Any) -> str:
        """The previous choices as JSON, in order; "null" for None of an optional field."""
        if value is None:
            return "null" if self.optional else "[]"
        return to_json([choice_key(plain(item)) for item in value]).decode()

    def rest(self, value: Any) -> str:
        """The full ISO datetime or time, if the input can't represent its zone or microseconds."""
        moment = _moment(value)
        if moment is None or (moment.tzinfo is None and moment.microsecond % 1000 == 0):
            return ""
        return moment.isoformat()

    def exact(self, value: Any) -> str:
        """The JSON array [sent text, exact value], when the browser's input is lossy.

        Some input types can't represent every value: line breaks in a single
        line, None, a named colour. "" when the input sends the value itself; an
        array without a value marks the sent text as no input.
        """
        if self.is_key:  # "" is the id of no record
            return to_json(["", None]).decode() if self.optional else ""
        text = self.text(value)
        sent = _sent(self.kind, text)
        if self.kind in ("datetime", "time"):
            return ""  # see `rest`
        if self.kind == "range" and not sent:
            sent = _middle(dict(self.limits))
        if self.kind == "password" and value not in (None, ""):
            return to_json([sent]).decode()
        meant = plain(value)
        if value is None:
            if not self.optional or self.kind in _EMPTY_IS_NONE:
                return ""
        elif self.kind in ("lines", "json"):
            is_empty = text == "" and not isinstance(value, str)
            meant = "[]" if is_empty and self.optional else text
        elif self.kind == "decimal":
            exact = str(meant)
            meant = text if self._reads(text) == exact else exact
        elif self.kind == "number" or not isinstance(meant, str | int | float | list | dict):
            meant = text
        return "" if meant == sent else to_json([sent, meant]).decode()


def _moment(value: Any) -> datetime.datetime | datetime.time | None:
    """Parse a datetime or time from a value or ISO text; None for anything else."""
    if isinstance(value, datetime.datetime | datetime.time):
        return value
    for kind in (datetime.time, datetime.datetime) if isinstance(value, str) else ():
        with contextlib.suppress(ValueError):
            return kind.fromisoformat(value)
    return None


def _sent(kind: str, text: str) -> str:
    """The text that a browser submits for an unchanged input, with "\\n" line breaks."""
    text = text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    if kind in _TALL:
        return text
    text = text.replace("\n", "")
    if kind in ("email", "url"):
        return text.strip(" \t\f")
    if kind == "color":
        return text.lower() if _COLOR.fullmatch(text) else "#000000"
    if kind in ("number", "range"):
        return text if _NUMBER.fullmatch(text) else ""
    return text


def _middle(limits: dict[str, Any]) -> str:
    """The default position of a range input without a value."""
    least, most = limits.get("min", 0), limits.get("max", 100)
    middle = least if most < least else least + (most - least) / 2
    step = limits.get("step", 1)
    if step != "any":
        middle = least + int((middle - least) / step + 0.5) * step
    return f"{middle:g}"
