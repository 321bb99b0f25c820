"""The input of a field or parameter in generated pages; data only."""

from __future__ import annotations

import enum
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starmodel.core.errors import ConfigurationError

WIDGETS = (
    "text", "textarea", "markdown", "number", "range", "switch", "select", "radio", "checkboxes",
    "date", "datetime", "time", "email", "url", "tel", "color", "password", "file", "image",
    "lines", "json", "record", "hidden",
)  # fmt: skip
COLORS = ("gray", "red", "orange", "amber", "green", "teal", "blue", "purple", "pink")
FILE_WIDGETS = ("file", "image")


@dataclass(frozen=True, slots=True)
class UI:
    """Metadata for the generated input, as in `Annotated[str, UI(widget="markdown")]`.

    Shapes: accept and max_bytes are for uploaded files, and checked by the
    server too: "image/png,.pdf" as in HTML, and the size of one file. colors
    maps choices of an enum or Literal to the colours of their badges, one of
    COLORS: {"shipped": "green"}; a key is a member, or its value. second_line shows the field
    below the title of its record where people choose one.
    Raises: ConfigurationError, for an unknown widget or colour.
    """

    widget: str | None = None
    placeholder: str = ""
    help: str = ""
    accept: str = ""
    max_bytes: int = 0
    colors: Mapping[Any, str] = field(default_factory=dict, hash=False)
    second_line: bool = False

    def __post_init__(self) -> None:
        if self.widget is not None and self.widget not in WIDGETS:
            raise ConfigurationError(
                f"UI(widget={self.widget!r}) is unknown; there are {', '.join(WIDGETS)}."
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

    def color_of(self, choice: Any) -> str | None:
        """The colour of a member or its value; None without one."""
        for key, color in self.colors.items():
            if key == choice or _value(key) == _value(choice):
                return color
        return None


def _value(choice: Any) -> Any:
    return choice.value if isinstance(choice, enum.Enum) else choice


def ui_of(annotation: Any, metadata: Iterable[Any] = ()) -> UI:
    """The innermost `UI` in the metadata of an annotation; an empty one without any."""
    inner = typing.get_args(annotation)[1:] if _is_annotated(annotation) else ()
    declared = [item for item in (*metadata, *inner) if isinstance(item, UI)]
    return declared[-1] if declared else UI()


def _is_annotated(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Annotated
