"""A visitor's session, whatever carries it."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from starmodel.app.access import Actor
from starmodel.core.results import Toast

TOASTS = "_toasts"  # the key of what the next page of this visitor says
MAX_TOASTS, MAX_TOAST_CHARS = 3, 200
Kept = tuple[str, str, str, Actor | None, dict[str, Any], list[str], list[str]]


class Session(dict[str, Any]):
    """What the application remembers of one visitor: a dict of JSON data, and who is signed in.

    Shapes: visitor is stable from the first visit to sign-out; id changes
    at each sign-in; key is the keyed hash of the visitor that names its
    instances and streams (the visitor id itself is never stored). ended
    and left are keys whose access has changed, and that signed out.
    """

    __slots__ = ("actor", "ended", "id", "key", "known", "left", "modified", "visitor")

    def __init__(
        self,
        visitor: str,
        id: str,
        key: str,
        actor: Actor | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        if data:
            super().__init__(copy.deepcopy(data))
        self.visitor, self.id, self.key, self.actor = visitor, id, key, actor
        self.ended: list[str] = []
        self.left: list[str] = []
        self.modified = False
        self.known: dict[str, Any] = data or {}

    @property
    def family(self) -> str:
        """Identifies the session from the first visit to sign-out; a sign-in does not change it."""
        return self.key

    def keep(self) -> Kept:
        """All of this session as it is now, for `restore`."""
        data = copy.deepcopy(dict(self)) if self else {}
        return self.visitor, self.id, self.key, self.actor, data, list(self.ended), list(self.left)

    def restore(self, kept: Kept) -> None:
        """Undo every change since `keep`: who failed to do something has not signed in by it."""
        self.visitor, self.id, self.key, self.actor, data, self.ended, self.left = kept
        super().clear()
        super().update(data)

    def say_next(self, toasts: Sequence[Toast]) -> None:
        """Keep the last toasts, shortened, for the next page that this visitor opens."""
        said = [*self.get(TOASTS, ()), *([t.kind, t.text[:MAX_TOAST_CHARS]] for t in toasts)]
        if toasts:
            self[TOASTS] = said[-MAX_TOASTS:]

    def said(self) -> list[Toast]:
        """What was kept for this page; it is forgotten."""
        return [Toast(text, kind) for kind, text in self.pop(TOASTS, ())]

    @property
    def changed(self) -> bool:
        """True when the browser is to be told; a change inside a value counts too."""
        return self.modified or self != self.known

    def settle(self) -> None:
        """From here on only what changes anew counts as changed."""
        self.modified, self.known = False, copy.deepcopy(dict(self))

    def sign_in(self, actor: Actor | str) -> None:
        """Make this browser act as `actor`; the session's id is replaced, its instances stay."""
        self.actor = Actor(actor) if isinstance(actor, str) else actor
        self.id = secrets.token_urlsafe(18)
        self.ended.append(self.key)
        self.modified = True

    def sign_out(self) -> None:
        """Forget the actor, the data and the visitor: the session's instances end here."""
        self.ended.append(self.key)
        self.left.append(self.key)
        self.clear()
        self.actor, self.visitor, self.id = None, "", ""
        self.modified = True


current_session: ContextVar[Session | None] = ContextVar("starmodel_session", default=None)
