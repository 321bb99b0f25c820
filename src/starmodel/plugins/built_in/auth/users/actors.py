"""The actor as which a user signs in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starmodel.app.access.policy import Actor

PASSWORD = "pwd"  # noqa: S105 - the name of a method of the claim "amr" (RFC 8176)
ONE_TIME = "otp"  # a one-time secret, such as one in an e-mail
NUMBER = "password_number"
"""The claim with the number of the password that was valid at the sign-in."""


def actor_of(user: Any, *, methods: Sequence[str]) -> Actor:
    """The actor of a user. Shapes: methods are those of the claim "amr" (RFC 8176)."""
    claims = {"email": user.email, "amr": list(methods), NUMBER: user.password_number}
    return Actor(str(user.id), user.name or user.email, frozenset(user.roles), claims)


def present_actor(user: Any, actor: Actor) -> Actor:
    """The actor of a session, with the name, roles and address that the user has now."""
    claims = {**actor.claims, "email": user.email, NUMBER: user.password_number}
    return Actor(actor.id, user.name or user.email, frozenset(user.roles), claims)
