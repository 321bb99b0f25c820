"""A visitor's session, independent of its transport."""

from __future__ import annotations

import copy
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from starmodel.app.access.policy import DEV, Actor
from starmodel.core.errors import ConfigurationError
from starmodel.core.events.results import Toast

DEVELOPMENT = "development"
"""The provider of the development sign-in; valid in development only."""
APPLICATION = "application"
"""The provider of an application's own sign-in, unless it names another."""
MAX_PROVIDER_CHARS = 64
TOASTS = "_toasts"
"""The key of the toasts that the next page of this visitor renders."""
MAX_TOASTS, MAX_TOAST_CHARS = 3, 200


class _Identity(NamedTuple):
    """The visitor and the actor of a session."""

    visitor: str
    id: str
    key: str
    actor: Actor | None
    provider: str
    signed_in_at: float
    confirmed_at: float


class Checkpoint(NamedTuple):
    """The parts of a session that a request can change."""

    identity: _Identity
    data: dict[str, Any]
    ended: list[str]
    signed_out_keys: list[str]
    is_signed_out: bool


class Session(dict[str, Any]):
    """One visitor's session: a dict of JSON data, and the signed-in actor.

    `sign_in` and `sign_out` are stored when the response begins. If that
    fails, the response is a 503 and the session is unchanged.

    Shapes: visitor is stable from the first visit to sign-out; id is the
    visitor until sign-in, which makes a new one each time; key is the keyed
    hash of the visitor that names its instances and streams (the visitor id
    itself is never stored). provider names how the actor signed in, ""
    without an actor. ended holds keys whose access has changed, signed_out_keys
    those that signed out. is_new is True for a request without a valid cookie;
    stored_identity and stored_data are those of the cookie.
    Units: signed_in_at and confirmed_at are seconds since the epoch, 0 until they are stored;
    confirmed_at is when the actor last proved who it is.
    """

    __slots__ = (
        "actor", "confirmed_at", "ended", "id", "is_new", "is_signed_out", "key", "modified",
        "provider", "signed_in_at", "signed_out_keys", "stored_data", "stored_identity", "visitor",
    )  # fmt: skip

    def __init__(
        self,
        visitor: str,
        id: str,
        key: str,
        actor: Actor | None = None,
        data: dict[str, Any] | None = None,
        provider: str = "",
        signed_in_at: float = 0.0,
        confirmed_at: float = 0.0,
    ) -> None:
        if data:
            super().__init__(copy.deepcopy(data))
        self.visitor, self.id, self.key = visitor, id, key
        self.actor = actor if provider != DEVELOPMENT else _with_roles_of(provider, actor)
        self.provider, self.signed_in_at = provider, signed_in_at
        self.confirmed_at = confirmed_at
        self.ended: list[str] = []
        self.signed_out_keys: list[str] = []
        self.modified = self.is_new = self.is_signed_out = False
        self.stored_data: dict[str, Any] = data or {}
        self.stored_identity = _Identity(
            visitor, id, key, actor, provider, signed_in_at, confirmed_at
        )

    @property
    def family(self) -> str:
        """Identifies the session from the first visit to sign-out; a sign-in does not change it."""
        return self.key

    @property
    def tag(self) -> str:
        """The prefix of the key that pages contain; not a secret."""
        return self.key[:16]

    @property
    def record_id(self) -> str:
        """The id of the server-side session, a hash of the id in the cookie; not a secret."""
        return record_id(self.id)

    @property
    def is_developer(self) -> bool:
        """True for the development sign-in."""
        return self.provider == DEVELOPMENT

    @property
    def is_rotated(self) -> bool:
        """True after a sign-in or sign-out since the session was read."""
        return self.id != self.stored_identity.id

    def checkpoint(self) -> Checkpoint:
        """A copy of the whole session, for `restore`."""
        data = copy.deepcopy(dict(self)) if self else {}
        is_same = (
            self.id is self.stored_identity.id
            and self.actor is self.stored_identity.actor
            and self.visitor is self.stored_identity.visitor
            and self.key is self.stored_identity.key
            and self.provider is self.stored_identity.provider
            and self.signed_in_at == self.stored_identity.signed_in_at
            and self.confirmed_at == self.stored_identity.confirmed_at
        )
        identity = self.stored_identity if is_same else self._identity
        return Checkpoint(
            identity, data, list(self.ended), list(self.signed_out_keys), self.is_signed_out
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Undo every change since the checkpoint, sign-ins included."""
        identity, data, self.ended, self.signed_out_keys, self.is_signed_out = checkpoint
        self._become(identity)
        super().clear()
        super().update(data)

    def push_toasts(self, toasts: Sequence[Toast]) -> None:
        """Queue toasts for the next page of this visitor: the newest three, truncated."""
        queued = [*self.get(TOASTS, ()), *(_stored(t) for t in toasts)]
        if toasts:
            self[TOASTS] = queued[-MAX_TOASTS:]

    def pop_toasts(self) -> list[Toast]:
        """Remove and return the queued toasts."""
        return [Toast(text, kind, *link) for kind, text, *link in self.pop(TOASTS, ())]

    def rollback(self) -> None:
        """Undo every change since the session was read or last stored."""
        self.restore(
            Checkpoint(self.stored_identity, copy.deepcopy(self.stored_data), [], [], False)
        )
        self.modified = False

    @property
    def changed(self) -> bool:
        """True when the response needs a new cookie; nested mutable values are compared too."""
        return self.modified or self != self.stored_data

    def mark_stored(self) -> None:
        """Record the present identity and data as the stored ones."""
        self.modified, self.stored_data = False, copy.deepcopy(dict(self))
        self.is_new, self.stored_identity = False, self._identity

    def sign_in(self, actor: Actor | str, *, provider: str = APPLICATION) -> None:
        """Authenticate this session as `actor`. Replaces the session id; the instances stay.

        Shapes: provider names the method of authentication, such as "password" or
        "github"; "development" is rejected in production.
        Raises: ConfigurationError, for a provider of no or more than 64 characters.
        """
        if not 0 < len(provider) <= MAX_PROVIDER_CHARS:
            raise ConfigurationError(
                f"session.sign_in() got provider={provider!r}; expected a name of 1 to "
                f"{MAX_PROVIDER_CHARS} characters."
            )
        self.actor = _with_roles_of(provider, Actor(actor) if isinstance(actor, str) else actor)
        self.provider, self.signed_in_at, self.confirmed_at = provider, 0.0, 0.0
        self.id = secrets.token_urlsafe(32)
        self.ended.append(self.key)
        self.modified = True

    def confirm(self) -> None:
        """Record that the actor has proved again who it is. Replaces the session id.

        Raises: ConfigurationError, for a guest.
        """
        if self.actor is None:
            raise ConfigurationError("session.confirm() got a guest; expected a signed-in actor.")
        self.confirmed_at = 0.0
        self.id = secrets.token_urlsafe(32)
        self.ended.append(self.key)
        self.modified = True

    def sign_out(self) -> None:
        """Clear the actor, the data and the visitor; the session's instances are deleted."""
        self.ended.append(self.key)
        self.signed_out_keys.append(self.key)
        self.clear()
        self.actor, self.visitor, self.id = None, "", ""
        self.provider, self.signed_in_at, self.confirmed_at = "", 0.0, 0.0
        self.modified = self.is_signed_out = True

    @property
    def _identity(self) -> _Identity:
        return _Identity(
            self.visitor, self.id, self.key, self.actor, self.provider, self.signed_in_at,
            self.confirmed_at,
        )  # fmt: skip

    def _become(self, identity: _Identity) -> None:
        (
            self.visitor, self.id, self.key, self.actor, self.provider, self.signed_in_at,
            self.confirmed_at,
        ) = identity  # fmt: skip


def record_id(id: str) -> str:
    """The hash of a session id, so that a leaked table contains no valid cookie."""
    return hashlib.sha256(id.encode()).hexdigest()


def _with_roles_of(provider: str, actor: Actor | None) -> Actor | None:
    """The actor as signed in by a provider: the development sign-in gives every role."""
    return actor if actor is None or provider != DEVELOPMENT else replace(actor, roles=DEV.roles)


def _stored(toast: Toast) -> list[str]:
    """A toast as it is stored in the session, truncated; its link only as a whole."""
    stored = [toast.kind, toast.text[:MAX_TOAST_CHARS]]
    is_short = len(toast.url) + len(toast.link) <= MAX_TOAST_CHARS
    return [*stored, toast.url, toast.link] if toast.url and is_short else stored
