"""The instance of a scoped class that belongs to a caller."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticUndefined

from starmodel.app.access.policy import Actor
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, NotSignedInError
from starmodel.core.snapshot import construct
from starmodel.texts.catalogue import Message

APP_ID = "app"


def keyed_hash(secret: str, purpose: str) -> Callable[[str], str]:
    """A keyed one-way hash function, with its own key for each purpose."""
    key = hmac.digest(secret.encode(), f"starmodel:{purpose}".encode(), hashlib.sha256)

    def name(value: str) -> str:
        return hashlib.blake2b(value.encode(), key=key, digest_size=16).hexdigest()

    return name


class Scopes:
    """Names the one instance of a `session`, `user` or `app` entity for a caller."""

    def __init__(self, secret: str) -> None:
        self._user = keyed_hash(secret, "user")
        self._browser = keyed_hash(secret, "browser store")

    def id_of(self, entity_type: EntityType, session: Session | None, actor: Actor | None) -> str:
        """The id of the caller's own instance.

        Raises: NotSignedInError, for a `user` entity without an actor; ConfigurationError, for
        code without a session.
        """
        if entity_type.scope == "app":
            return APP_ID
        if entity_type.scope == "user":
            if actor is None:
                raise NotSignedInError(
                    f"Sign in first: {entity_type.name} belongs to a signed-in user.",
                    plain=Message("access.sign_in_to_own"),
                )
            return self._user(actor.id)
        if session is None:
            raise ConfigurationError(
                f"{entity_type.name} belongs to a visitor's session, and this code has none. "
                f"Use `await {entity_type.name}.get(request)`, or give it scope 'app'."
            )
        return session.key

    def browser_owner(self, session: Session | None, actor: Actor | None = None) -> str:
        """The name under which a browser stores this visitor's states, with or without an actor.

        Without a session, the name of the application itself.
        """
        if session is None:
            return self._browser("")[:16]
        visitor = self._browser(f"visitor {session.key}")
        return f"{visitor}.{self._browser(f'{session.key} {actor.id}') if actor else ''}"

    def draft_owner(self, session: Session, actor: Actor | None) -> str:
        """The name under which a browser stores this user's drafts, in every session of theirs."""
        whose = f"visitor {session.key}" if actor is None else f"user {actor.id}"
        return self._browser(f"drafts of {whose}")


def default_snapshot(cls: type[Entity], id: Any = None) -> Entity:
    """A new instance before its first event: defaults only, required fields still open."""
    values: dict[str, Any] = {}
    for name, info in cls.__pydantic_fields__.items():
        if not info.is_required():
            values[name] = info.get_default(call_default_factory=True, validated_data=values)
    if id is not None:
        values["id"] = id
    private = {
        name: attribute.get_default(call_default_factory=True, validated_data=values)
        for name, attribute in cls.__private_attributes__.items()
        if attribute.default is not PydanticUndefined or attribute.default_factory is not None
    }
    return construct(
        cls,
        values,
        set(),
        0,
        extra={} if cls.model_config.get("extra") == "allow" else None,
        private=private or None,
        # Not before the required fields have values for it to read.
        post_init=len(values) == len(cls.__pydantic_fields__),
    )
