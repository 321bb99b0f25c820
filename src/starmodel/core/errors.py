"""The exception hierarchy.

`status` is the HTTP status of the response; `public` is True when the
response may contain the text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from starmodel.texts.catalogue import Message


class StarModelError(Exception):
    """The base class of all exceptions of StarModel."""

    status: ClassVar[int] = 500
    public: ClassVar[bool] = False

    @property
    def message(self) -> str:
        """The text; a translatable `Message` if it is from the catalogue."""
        text = self.args[0] if self.args else ""
        return text if isinstance(text, str) else str(self)


class ConfigurationError(StarModelError):
    """An invalid class, setting or argument; raised at definition or startup."""


class FrozenEntityError(StarModelError, TypeError):
    """Assignment to a frozen snapshot, outside an event."""


class NotLoadedError(StarModelError):
    """Access to a relation that the query did not load."""


class StaleDraftError(StarModelError):
    """A container read from `self` before a `yield` was used after it."""


class RequestError(StarModelError):
    """A malformed request; the response contains the text."""

    status = 400
    public = True

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status  # type: ignore[misc]  # one class covers 400, 411, 413, 415


class ListQueryError(RequestError):
    """A list query has a filter, order, page or cursor that its list does not have.

    Shapes: plain is the text for visitors, "" for the usual one; the message is for programs.
    """

    def __init__(self, message: str, *, status: int = 400, plain: str = "") -> None:
        super().__init__(message, status=status)
        self.plain = plain


class BindingError(StarModelError):
    """Arguments that do not fit an event's signature.

    Shapes: fields maps a parameter to the message rendered beside its input.
    """

    status = 422
    public = True

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class InvalidStateError(StarModelError):
    """The validators of an entity type rejected the state after an event.

    Shapes: fields maps a public field to the validation message; shown is
    the message without private fields, for responses; entity is the name of the entity type.
    """

    status = 422
    public = True

    def __init__(
        self,
        message: str,
        fields: Mapping[str, str] | None = None,
        *,
        shown: str | None = None,
        entity: str = "",
    ) -> None:
        super().__init__(message)
        self.fields, self.entity = dict(fields or {}), entity
        self.shown = message if shown is None else shown


class ConstraintError(StarModelError):
    """A constraint of a store was violated, such as a unique index or a foreign key.

    Shapes: fields maps a public field to the message beside its input;
    shown is the message without private fields, for responses; entity is the name of the
    entity type, "" for that of the command.
    """

    status = 409
    public = True

    def __init__(
        self,
        message: str,
        fields: Mapping[str, str] | None = None,
        *,
        shown: str | None = None,
        entity: str = "",
    ) -> None:
        super().__init__(message)
        self.fields, self.entity = dict(fields or {}), entity
        self.shown = message if shown is None else shown


class StoreError(StarModelError):
    """A store failed to read or write, through no fault of the request."""


class StoreUnavailableError(StoreError):
    """A store could not be reached or could not commit.

    Shapes: doubtful is True when the outcome of a commit is unknown, because
    the connection was lost; else nothing was stored.
    """

    status = 503

    def __init__(self, message: str, *, doubtful: bool = False) -> None:
        super().__init__(message)
        self.doubtful = doubtful


class StoreBusyError(StoreUnavailableError):
    """Another transaction held a lock, or every connection was in use, until the time-out.

    Nothing of the command was stored; a retry is safe.

    Units: retry_after_s is the value of the `Retry-After` header.
    """

    retry_after_s: ClassVar[int] = 1


class TransactionAbortedError(StoreBusyError):
    """The database rolled back a transaction as a deadlock victim; the dispatcher runs it again."""


class SessionNotStoredError(StoreUnavailableError):
    """A sign-in or sign-out could not be stored; the session is unchanged."""


class StoreFailedError(StoreError):
    """A store rejected a statement for a reason that a retry does not resolve.

    For example a missing column, a full disk or a read-only database. The
    text holds the driver's message, which is for the log only.
    """


class StorePermissionError(StoreFailedError):
    """The database role of the application lacks a privilege, or row security refused a row."""

    status = 403


class OverloadedError(StarModelError):
    """A bounded queue of work is full; nothing was done, and a retry is safe.

    Units: retry_after_s is the value of the `Retry-After` header.
    """

    status = 503
    retry_after_s: ClassVar[int] = 1


class TooManyAttemptsError(StarModelError):
    """An attempt comes too early after others, such as a sign-in after wrong passwords.

    Units: retry_after_s is the value of the `Retry-After` header.
    """

    status = 429
    public = True

    def __init__(self, retry_after_s: int) -> None:
        minutes = math.ceil(retry_after_s / 60)
        super().__init__(
            Message("attempts.seconds", seconds=retry_after_s)
            if retry_after_s < 120
            else Message("attempts.minutes", minutes=minutes)
        )
        self.retry_after_s = retry_after_s


class StoreFullError(StarModelError):
    """A bounded store has reached its maximum number of entities."""

    status = 507


class NotFoundError(StarModelError):
    """No record with this id is stored.

    Shapes: fields has the message for the argument that named the record.
    """

    status = 404
    public = True
    fields: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, entity: str, id: Any) -> None:
        super().__init__(Message("record.missing", entity=entity, id=_short(id)))
        self.entity, self.id = entity, id


def _short(id: Any) -> str:
    """The repr of an id, truncated, since a URL can contain any text as an id."""
    text = repr(id)
    return text if len(text) <= 80 else f"{text[:77]}…"


class GoneError(NotFoundError):
    """The record was deleted after the page was rendered."""

    status = 410

    def __init__(self, entity: str, id: Any) -> None:
        super().__init__(entity, id)
        self.args = (Message("record.removed", entity=entity, id=_short(id)),)


class AccessDeniedError(StarModelError):
    """The access policy denies the command or query to the actor.

    Shapes: plain is the text for visitors, "" to use the message; about has the arguments of
    the policy's decision, from which the developer's page explains it.
    """

    status = 403
    public = True

    def __init__(
        self, message: str, *, plain: str = "", about: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.plain, self.about = plain, about


class NotSignedInError(AccessDeniedError):
    """The request is anonymous, and the command needs a signed-in user."""

    status = 401


class RuleFailedError(AccessDeniedError):
    """A function of the application that is an access rule raised, or has no boolean answer.

    Nobody is permitted then, also where the rule is inverted.
    """

    def __init__(self) -> None:
        super().__init__("The access rule could not be decided, so it denies.")


class ConfirmationNeededError(NotSignedInError):
    """The event needs an actor who has proved recently who it is.

    Units: within_s is the time for which a proof holds.
    """

    def __init__(self, within_s: float, why: str = "") -> None:
        text = Message("sudo.needed", minutes=round(within_s / 60))
        super().__init__(why or text, plain=why or text)
        self.within_s = within_s


class InvalidTokenError(NotSignedInError):
    """The bearer token of a request is unknown, expired or revoked."""

    def __init__(self) -> None:
        super().__init__(Message("access.invalid_token"))


class AccessScanLimitError(StarModelError):
    """A read rule in Python was applied to the maximum number of records per request."""

    status = 422
    public = True

    def __init__(self, things: str, rule: str, limit: int) -> None:
        super().__init__(
            Message("problem.scan_rule", limit=limit, rule=repr(rule))
            if rule
            else Message("problem.scan", limit=limit, things=things)
        )


class StoreScanLimitError(AccessScanLimitError):
    """A store without an index for a query has more records than it reads to answer it.

    Shapes: titles are those of the fields without an index, joined.
    """

    def __init__(self, things: str, titles: str, limit: int) -> None:
        StarModelError.__init__(
            self, Message("problem.scan_store", limit=limit, things=things, titles=titles)
        )


class HiddenRecordError(NotFoundError, AccessDeniedError):
    """The actor may not read this record; the response is that of a missing record.

    Shapes: gone is True where a missing record would be a `GoneError`.
    """

    def __init__(self, entity: str, id: Any, *, gone: bool = False) -> None:
        shown = (GoneError if gone else NotFoundError)(entity, id)
        super().__init__(entity, id)
        self.args, self.status = shown.args, shown.status  # type: ignore[misc]


class VersionConflictError(StarModelError):
    """The version check of a commit failed; nothing of this command was stored."""

    status = 409
    public = True

    def __init__(self, entity: str, id: Any, *, read: int, stored: int | None) -> None:
        now = "has been removed" if stored is None else f"is at version {stored}"
        super().__init__(
            f"{entity} {id!r} {now}, but this command read version {read}. "
            "Reload and dispatch again."
        )
        self.entity, self.id, self.read, self.stored = entity, id, read, stored


class EventUnavailableError(StarModelError):
    """The condition of an event, `@event(when=…)`, is not met in the record's state.

    Shapes: event is "Order.pack"; the message is the reason, for people.
    """

    status = 409
    public = True

    def __init__(self, event: str, reason: str) -> None:
        super().__init__(reason)
        self.event = event


class ConditionFailedError(StarModelError):
    """A function that is the condition of an event raised, or has no boolean answer.

    The event is refused; the cause is for the log only.
    """


class EventCancelledError(StarModelError):
    """The caller has cancelled a generator event; what its last `yield` committed stays."""

    status = 409
    public = True

    def __init__(self) -> None:
        super().__init__(Message("event.cancelled"))


class EditConflictError(StarModelError):
    """A submitted field was changed by another command after the form was rendered.

    Shapes: fields maps a field to the message beside its input; was holds
    the digests with which a second submission overwrites the change.
    """

    status = 409
    public = True

    def __init__(
        self, entity: str, id: Any, fields: Mapping[str, str], was: Mapping[str, str]
    ) -> None:
        super().__init__(f"{entity} {id!r}: {', '.join(fields)} changed since the form was filled.")
        self.fields, self.was = dict(fields), dict(was)


class PreconditionFailedError(StarModelError):
    """The record is not at the version that If-Match names, or at one that If-None-Match names."""

    status = 412
    public = True

    def __init__(self) -> None:
        super().__init__(Message("conflict.precondition"))


class CommandRunningError(StarModelError):
    """A command with this idempotency key is still running, or was interrupted."""

    status = 409
    public = True


class CommandReusedError(StarModelError):
    """An idempotency key was reused with other arguments."""

    status = 422
    public = True


class DuplicateCommandError(StarModelError):
    """A repository already holds the marker of this command; raised by `commit`."""


class TooManyTopicsError(StarModelError):
    """One page watches more than its stream token can name."""


class TooManyStreamsError(StarModelError):
    """A limit on open streams is reached."""

    status = 429
    public = True
