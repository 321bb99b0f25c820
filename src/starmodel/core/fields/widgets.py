"""The input of a field or parameter in generated pages; data only."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starmodel.core.errors import ConfigurationError

WIDGETS = (
    "text", "textarea", "markdown", "number", "range", "switch", "select", "radio", "checkboxes",
    "date", "datetime", "time", "email", "url", "tel", "color", "password", "file", "image",
    "lines", "json", "record", "hidden",
)  # fmt: skip
FILE_WIDGETS = ("file", "image")


@dataclass(frozen=True, slots=True)
class UI:
    """Metadata for the generated input, as in `Annotated[str, UI(widget="markdown")]`.

    Shapes: accept and max_bytes are for uploaded files, and checked by the
    server too: "image/png,.pdf" as in HTML, and the size of one file. second_line shows the
    field below the title of its record where people choose one.
    Raises: ConfigurationError, for an unknown widget.
    """

    widget: str | None = None
    placeholder: str = ""
    help: str = ""
    accept: str = ""
    max_bytes: int = 0
    second_line: bool = False

    def __post_init__(self) -> None:
        if self.widget is not None and self.widget not in WIDGETS:
            raise ConfigurationError(
                f"UI(widget={self.widget!r}) is unknown; there are {', '.join(WIDGETS)}."
            )


def ui_of(annotation: Any, metadata: Iterable[Any] = ()) -> UI:
    """The innermost `UI` in the metadata of an annotation; an empty one without any."""
    inner = typing.get_args(annotation)[1:] if _is_annotated(annotation) else ()
    declared = [item for item in (*metadata, *inner) if isinstance(item, UI)]
    return declared[-1] if declared else UI()


def _is_annotated(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Annotated
