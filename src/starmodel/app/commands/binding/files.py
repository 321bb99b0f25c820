"""Uploaded files as parameters of events: types, media types and sizes."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.nested import types_in
from starmodel.core.fields.widgets import FILE_WIDGETS, ui_of
from starmodel.texts.catalogue import Message

NO_FILE = Message("file.missing")


@dataclass(frozen=True, slots=True)
class FileRule:
    """Constraints of a file parameter.

    Shapes: several is True for a list type; accept holds media types ("image/png"),
    ranges ("image/*") and filename extensions (".pdf"), empty for any file.
    Units: max_bytes limits each file; 0 for the limit of the request only.
    """

    several: bool = False
    accept: tuple[str, ...] = ()
    max_bytes: int = 0

    def problem(self, value: Any) -> str:
        """The validation message for an uploaded value; "" when it is valid."""
        files = list(value) if isinstance(value, list | tuple) else [value]
        if not files or not all(_is_file(file) for file in files):
            return NO_FILE
        if len(files) > 1 and not self.several:
            return Message("file.single")
        for file in files:
            if self.max_bytes and (file.size or 0) > self.max_bytes:
                return Message("file.max_size", max_bytes=self.max_bytes)
            if self.accept and not any(_fits(file, kind) for kind in self.accept):
                return Message("file.kinds", kinds=", ".join(self.accept))
        return ""

    def value(self, sent: Any) -> Any:
        """The argument: one file, or a list for a list type."""
        files = list(sent) if isinstance(sent, list | tuple) else [sent]
        return files if self.several else files[0]


def file_rule(where: str, name: str, annotation: Any) -> FileRule | None:
    """The constraints of a file parameter; None for a parameter of another type.

    Raises: ConfigurationError, for a type that a file input cannot submit.
    """
    ui = ui_of(annotation)
    if not any(_names_file(kind) for kind in types_in(annotation)):
        if ui.widget in FILE_WIDGETS or ui.accept or ui.max_bytes:
            raise ConfigurationError(
                f"{where}: parameter {name!r} wants an input for files, but its type is "
                f"{annotation!r}; expected UploadFile or list[UploadFile]."
            )
        return None
    kinds = plain_types(annotation)
    several = len(kinds) == 1 and _is_list_of_files(kinds[0])
    if len(kinds) != 1 or not (several or _names_file(kinds[0])):
        raise ConfigurationError(
            f"{where}: parameter {name!r} has the type {annotation!r}, which no input fills. "
            "Expected UploadFile, UploadFile | None or list[UploadFile]; give other values a "
            "parameter of their own."
        )
    if ui.widget is not None and ui.widget not in FILE_WIDGETS:
        raise ConfigurationError(
            f"{where}: parameter {name!r} takes a file, and UI(widget={ui.widget!r}) chooses none. "
            f"Expected one of {', '.join(FILE_WIDGETS)}."
        )
    accept = tuple(part.strip().lower() for part in ui.accept.split(",") if part.strip())
    return FileRule(several, accept, ui.max_bytes)


def holds_file(value: Any) -> bool:
    """True for an uploaded file, or a list or object that contains one."""
    if isinstance(value, dict):  # parsed from a dotted name
        return any(map(holds_file, value.values()))
    return any(map(holds_file, value)) if isinstance(value, list | tuple) else _is_file(value)


def _is_list_of_files(kind: Any) -> bool:
    """True for list[UploadFile] and tuple[UploadFile, …]."""
    args = [arg for arg in typing.get_args(kind) if arg is not Ellipsis]
    return (
        typing.get_origin(kind) in (list, tuple)
        and len(args) == 1
        and [_names_file(item) for item in plain_types(args[0])] == [True]
        and (typing.get_origin(kind) is list or typing.get_args(kind)[-1] is Ellipsis)
    )


def _names_file(kind: Any) -> bool:
    """True for a class named `UploadFile`, of any web framework."""
    return getattr(kind, "__name__", "") == "UploadFile"


def _is_file(value: Any) -> bool:
    return any(_names_file(base) for base in type(value).__mro__)


def _fits(file: Any, kind: str) -> bool:
    """Whether a file matches a media type, a media range or a filename extension."""
    if kind.startswith("."):
        return str(file.filename or "").lower().endswith(kind)
    sent = str(file.content_type or "").partition(";")[0].strip().lower()
    return kind in ("*/*", sent) or (kind.endswith("/*") and sent.startswith(kind[:-1]))
