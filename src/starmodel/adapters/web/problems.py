"""What each kind of caller is told of an error, and what stays in the log."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from starmodel.app.dispatcher import Dispatcher
from starmodel.app.presentation.failures import Frame, own_frames
from starmodel.core.errors import (
    AccessDeniedError,
    BindingError,
    CommandReusedError,
    CommandRunningError,
    ConstraintError,
    EditConflictError,
    InvalidStateError,
    ListQueryError,
    SessionNotStoredError,
    StarModelError,
    StoreBusyError,
    StoreFullError,
    StorePermissionError,
    StoreUnavailableError,
    VersionConflictError,
)
from starmodel.core.fields.nested import is_private_path
from starmodel.core.sentences import PRIVATE_PROBLEM, sentence
from starmodel.core.values.log_text import log_text

log = logging.getLogger("starmodel.web")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as its caller may see it.

    Shapes: fields maps an input's name to the sentence beside it; trace,
    frames and details are for the developer only; was is what an edit form
    is to remember from now on (see `starmodel.app.commands.binding.edited_fields`); plain is what
    people read instead of a text for programs.
    Units: retry_after_s is the `Retry-After` header; None sends none.
    """

    status: int
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    trace: str = ""
    frames: Sequence[Frame] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: int | None = None
    plain: str = ""

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    @property
    def said(self) -> str:
        """The error as people are told it: what is wrong with each input, else its text."""
        if not self.fields:
            return self.plain or self.text
        told = [
            f"{name.replace('_', ' ').capitalize()}: {text}" if name else text
            for name, text in self.fields.items()
        ]
        return " ".join(told)

    def as_json(self) -> dict[str, Any]:
        """An RFC 9457 problem document."""
        made: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.text,
        }
        if self.fields:
            made["errors"] = dict(self.fields)
        return made


Models = Mapping[str, Sequence[type[BaseModel]]]
_NO_MODELS: Models = MappingProxyType({})
_CONFLICT = "Somebody else changed this at the same time. Load it again and repeat your change."
_LATER = "The data can't be reached right now, and nothing was changed. Try again in a moment."
_BUSY = "This is busy right now, and nothing was changed. Try again in a moment."
_DENIED = "This can't be done here, and nothing was changed."
_NOT_SIGNED = (
    "Signing in or out did not work, because the data can't be reached right now. "
    "Try again in a moment."
)
_FULL = "There is no room to store this at the moment, and nothing was changed."
_PLAIN = {
    CommandRunningError: "This is still being done. Please wait a moment and look at the page.",
    CommandReusedError: "This was sent before with other contents. Please reload the page.",
    ListQueryError: "This address does not fit its list. Please open the list and choose again.",
}
_IN_DOUBT = (
    "The connection to the data was lost, so it is not known whether this was done. "
    "Look before you do it again."
)


def problem_of(
    error: BaseException,
    *,
    where: str = "",
    developer: bool = False,
    domain: bool = True,
    details: Mapping[str, str] | None = None,
    models: Models = _NO_MODELS,
) -> Problem:
    """The problem behind an exception; unexpected ones are logged, and told to nobody else.

    Shapes: where names entity, event and arguments, secrets removed, and
    details has them one by one. With domain a `ValueError` is what an event
    has to say, and is shown; else it is shown only when it came out of an
    event. developer is True for who may see what failed in the code. models
    are those whose private fields no validation error may name.
    """
    if isinstance(error, BindingError):
        return Problem(error.status, str(error), error.fields, where)
    if isinstance(error, InvalidStateError | ConstraintError):
        return Problem(error.status, error.shown, error.fields, where)
    if isinstance(error, EditConflictError):
        return Problem(error.status, str(error), error.fields, where, was=error.was)
    if isinstance(error, VersionConflictError):  # its text has versions, which are for programs
        return Problem(error.status, _CONFLICT, where=where)
    if isinstance(error, StarModelError) and error.public:
        plain = next((text for kind, text in _PLAIN.items() if isinstance(error, kind)), "")
        if isinstance(error, AccessDeniedError):
            plain = error.plain
        if developer and isinstance(error, ListQueryError):
            plain = ""  # who wrote the address wants to know what is wrong with it
        return Problem(error.status, str(error), where=where, plain=plain)
    if isinstance(error, StoreBusyError):
        log.warning("%s failed: %s", log_text(where or "A request"), log_text(error))
        return Problem(error.status, _BUSY, where=where, retry_after_s=error.retry_after_s)
    if isinstance(error, StorePermissionError):
        log.error(
            "%s failed: %s",
            log_text(where or "A request"),
            log_text(error),
            exc_info=error.__cause__,
        )
        return Problem(error.status, _DENIED, where=where)
    if isinstance(error, StoreUnavailableError):
        log.error("%s failed: %s", log_text(where or "A request"), log_text(error))
        if isinstance(error, SessionNotStoredError):
            return Problem(error.status, _NOT_SIGNED, where=where)
        return Problem(error.status, _IN_DOUBT if error.doubtful else _LATER, where=where)
    if isinstance(error, StoreFullError):
        log.error("%s failed: %s", log_text(where or "A request"), log_text(error))
        text = str(error) if developer else _FULL
        return Problem(error.status, text, where=where)
    said = domain or _came_out_of_an_event(error)
    if isinstance(error, ValidationError) and said:
        fields = dict(_public_sentences(error, models.get(error.title, ())))
        told = "; ".join(f"{name}: {text}" if name else text for name, text in fields.items())
        return Problem(422, told, fields, where)
    if isinstance(error, ValueError) and said and not isinstance(error, UnicodeError):
        return Problem(422, str(error), where=where)
    log.error("%s failed", log_text(where or "A request"), exc_info=error)
    if developer:
        text = f"{where}: {type(error).__name__}: {error}"
        trace = "".join(traceback.format_exception(error))
        frames = own_frames(error)
        return Problem(500, text, where=where, trace=trace, frames=frames, details=details or {})
    return Problem(500, "Something went wrong on our side. It has been logged.", where=where)


def _public_sentences(
    error: ValidationError, models: Sequence[type[BaseModel]]
) -> Iterator[tuple[str, str]]:
    """What is wrong with each field; of private ones only that something is."""
    for item in error.errors(include_url=False, include_input=False):
        if is_private_path(models, item["loc"]):
            yield "", PRIVATE_PROBLEM
        else:
            yield str(item["loc"][0]) if item["loc"] else "", sentence(item)


def _came_out_of_an_event(error: BaseException) -> bool:
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__") == Dispatcher.__module__ for frame, _ in frames)
