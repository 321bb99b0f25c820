"""A visitor's session, whatever carries it."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from typing import Any

from starmodel.app.access import Actor


class Session(dict[str, Any]):
    """What the application remembers of one visitor: a dict of JSON data, and who is signed in.

    Shapes: visitor is stable from the first visit to sign-out; id changes
    at each sign-in; key is the keyed hash of the visitor that names its
    instances and streams (the visitor id itself is never stored).
    """

    def __init__(
        self,
        visitor: str,
        id: str,
        key: str,
        actor: Actor | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data or {})
        self.visitor, self.id, self.key, self.actor = visitor, id, key, actor
        self.ended: list[str] = []
        self.modified = False

    def sign_in(self, actor: Actor | str) -> None:
        """Make this browser act as `actor`; the session's id is replaced, its instances stay."""
        self.actor = Actor(actor) if isinstance(actor, str) else actor
        self.id = secrets.token_urlsafe(18)
        self.ended.append(self.key)
        self.modified = True

    def sign_out(self) -> None:
        """Forget the actor, the data and the visitor: the session's instances end here."""
        self.ended.append(self.key)
        self.clear()
        self.actor, self.visitor, self.id = None, "", ""
        self.modified = True

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.modified = True

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.modified = True

    def clear(self) -> None:
        super().clear()
        self.modified = True

    def pop(self, *args: Any) -> Any:
        self.modified = True
        return super().pop(*args)

    def popitem(self) -> tuple[str, Any]:
        self.modified = True
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        self.modified = True
        return super().setdefault(key, default)

    def update(self, *args: Any, **values: Any) -> None:
        self.modified = True
        super().update(*args, **values)


current_session: ContextVar[Session | None] = ContextVar("starmodel_session", default=None)
