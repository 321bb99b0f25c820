"""Exceptions as problems: what a response may reveal, and what only the log contains."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from starmodel.app.access.explanations import denial_in_words
from starmodel.app.dispatcher import Dispatcher
from starmodel.app.presentation.failures import Frame, own_frames
from starmodel.app.presentation.field_words import NO_WORDS, FieldWords
from starmodel.core.errors import (
    AccessDeniedError,
    BindingError,
    CommandReusedError,
    CommandRunningError,
    ConfirmationNeededError,
    ConstraintError,
    EditConflictError,
    GoneError,
    InvalidStateError,
    InvalidTokenError,
    ListQueryError,
    NotFoundError,
    OverloadedError,
    SessionNotStoredError,
    StarModelError,
    StoreBusyError,
    StoreFullError,
    StorePermissionError,
    StoreUnavailableError,
    TooManyAttemptsError,
    VersionConflictError,
)
from starmodel.core.fields.nested import is_private_path
from starmodel.core.translations import translated
from starmodel.core.values.log_text import log_text
from starmodel.core.values.validation_messages import PRIVATE_PROBLEM, sentence
from starmodel.core.values.words import title_of_entity
from starmodel.texts.catalogue import ENGLISH, Catalogue, Message

log = logging.getLogger("starmodel.web")


PLAIN_CHALLENGE = b"Bearer"


@dataclass(frozen=True, slots=True)
class Problem:
    """An error with the details that its caller may see.

    Shapes: fields maps an input's name to its validation error, titles to its label;
    trace, frames and details are for the developer only; was has the field digests that an
    edit form submits next (see `starmodel.app.commands.binding.edited_fields`); plain
    replaces the text on pages when the text is meant for API clients; record is the name of
    the class of a record that is missing.
    confirm is the path where a program confirms the password, "" unless that helps;
    challenge is the value of `WWW-Authenticate` (RFC 6750) of a 401.
    words are those of an address without a page, for a search; repeats is True where loading the
    page again may help.
    Units: retry_after_s is the value of the `Retry-After` header; None sends no header.
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
    record: str = ""
    challenge: bytes = PLAIN_CHALLENGE
    confirm: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    words: str = ""
    repeats: bool = False

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    @property
    def said(self) -> str:
        """The message for people: the validation error of each field, else the text."""
        if not self.fields:
            return self.plain or self.text
        told = [
            f"{self.titles.get(name, _in_words(name))}: {text}" if name else text
            for name, text in self.fields.items()
        ]
        return " ".join(told)

    def said_besides(self, inputs: Collection[str], rows: Collection[str] = ()) -> str:
        """The message for people, without the validation errors beside these inputs.

        "" when all of them are. Shapes: inputs are names of fields, which include their parts;
        rows are names in rows of children, such as "lines", "lines.0" and "lines.0.product_id".
        """
        left = {
            name: text
            for name, text in self.fields.items()
            if name.partition(".")[0] not in inputs and ".".join(name.split(".")[:3]) not in rows
        }
        return replace(self, fields=left).said if left or not self.fields else ""

    def as_json(self) -> dict[str, Any]:
        """The problem as an RFC 9457 document."""
        made: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.text,
        }
        if self.fields:
            made["errors"] = dict(self.fields)
        if self.confirm:
            made["confirm"] = self.confirm
        return made


Models = Mapping[str, Sequence[type[BaseModel]]]
_NO_MODELS: Models = MappingProxyType({})
_PLAIN = {
    CommandRunningError: Message("problem.running"),
    CommandReusedError: Message("problem.reused"),
    ListQueryError: Message("problem.list"),
}


def problem_of(
    error: BaseException,
    *,
    where: str = "",
    developer: bool = False,
    domain: bool = True,
    details: Mapping[str, str] | None = None,
    models: Models = _NO_MODELS,
    texts: Catalogue = ENGLISH,
    words: FieldWords = NO_WORDS,
) -> Problem:
    """Map an exception to a problem; an unexpected one is logged and its message not sent.

    Shapes: where names entity, event and arguments, secrets removed, and
    details maps each of them to its value. With domain any `ValueError` is a
    domain error, whose message is sent; without, only one that an event raised.
    developer is True for callers with permission to see tracebacks. No validation
    error names a private field of models. texts is the message catalogue, words what forms
    call the inputs.
    """
    made = _problem_of(error, where, developer, domain, details, models)
    return replace(
        made,
        text=texts.render(made.text),
        fields=texts.render_all(words.with_examples(made.fields)),
        titles=words.titles,
        plain=texts.render(made.plain),
    )


def _problem_of(
    error: BaseException,
    where: str,
    developer: bool,
    domain: bool,
    details: Mapping[str, str] | None,
    models: Models,
) -> Problem:
    """The problem, its messages not rendered yet."""
    if isinstance(error, BindingError):
        return Problem(error.status, str(error), error.fields, where)
    if isinstance(error, InvalidStateError | ConstraintError):
        return Problem(error.status, error.shown, error.fields, where)
    if isinstance(error, EditConflictError):
        return Problem(error.status, str(error), error.fields, where, was=error.was)
    if isinstance(error, VersionConflictError):  # its text has version numbers, for API clients
        return Problem(error.status, Message("conflict.changed"), where=where)
    if isinstance(error, StarModelError) and error.public:
        plain: str = next((text for kind, text in _PLAIN.items() if isinstance(error, kind)), "")
        if isinstance(error, AccessDeniedError):
            plain = error.plain
        if isinstance(error, ListQueryError) and error.plain:
            plain = error.plain
        record = error.entity if isinstance(error, NotFoundError) else ""
        if record:
            # By status, since a hidden record has the response of a missing one.
            key = "record.gone" if error.status == GoneError.status else "record.not_found"
            plain = Message(key, title=translated(title_of_entity(record)))
        if developer and isinstance(error, ListQueryError):
            plain = ""  # the author of the URL needs the reason
        wait_s = error.retry_after_s if isinstance(error, TooManyAttemptsError) else None
        text, reasons = _with_title(error), denial_in_words(error) if developer else {}
        challenge = _challenge(error)
        fields = error.fields if isinstance(error, NotFoundError) else {}
        return Problem(
            error.status,
            text,
            fields,
            where=where,
            plain=plain,
            record=record,
            details=reasons,
            retry_after_s=wait_s,
            challenge=challenge,
        )
    if isinstance(error, StoreBusyError | OverloadedError):
        log.warning("%s failed: %s", log_text(where or "A request"), log_text(error))
        return Problem(
            error.status,
            Message("problem.busy"),
            where=where,
            retry_after_s=error.retry_after_s,
        )
    if isinstance(error, StorePermissionError):
        log.error(
            "%s failed: %s",
            log_text(where or "A request"),
            log_text(error),
            exc_info=error.__cause__,
        )
        return Problem(error.status, Message("problem.forbidden"), where=where)
    if isinstance(error, StoreUnavailableError):
        log.error("%s failed: %s", log_text(where or "A request"), log_text(error))
        if isinstance(error, SessionNotStoredError):
            return Problem(error.status, Message("problem.session"), where=where)
        key = "problem.in_doubt" if error.doubtful else "problem.unavailable"
        return Problem(error.status, Message(key), where=where)
    if isinstance(error, StoreFullError):
        log.error("%s failed: %s", log_text(where or "A request"), log_text(error))
        text = str(error) if developer else Message("problem.full")
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
    return Problem(500, Message("problem.unexpected"), where=where)


def _challenge(error: StarModelError) -> bytes:
    """The value of `WWW-Authenticate` (RFC 6750, RFC 9470)."""
    if isinstance(error, InvalidTokenError):
        return b'Bearer error="invalid_token"'
    if isinstance(error, ConfirmationNeededError):
        return b'Bearer error="insufficient_user_authentication", max_age=%d' % error.within_s
    return b"Bearer"


def _in_words(name: str) -> str:
    """A name that the caller has sent and no input has, in words."""
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def _with_title(error: StarModelError) -> str:
    """The text of an error; that of a missing record has the title of its class, for people."""
    text = error.message
    if isinstance(error, NotFoundError) and isinstance(text, Message):
        return Message(
            text.key, **{**text.params, "entity": translated(title_of_entity(error.entity))}
        )
    return text


def _public_sentences(
    error: ValidationError, models: Sequence[type[BaseModel]]
) -> Iterator[tuple[str, str]]:
    """The validation error of each field; private fields get one generic message."""
    for item in error.errors(include_url=False, include_input=False):
        if is_private_path(models, item["loc"]):
            yield "", PRIVATE_PROBLEM
        else:
            yield str(item["loc"][0]) if item["loc"] else "", sentence(item)


def _came_out_of_an_event(error: BaseException) -> bool:
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__") == Dispatcher.__module__ for frame, _ in frames)
