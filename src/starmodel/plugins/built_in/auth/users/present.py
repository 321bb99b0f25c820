"""What an event of a user needs of the application that runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starmodel.app.access.grants import LimitedActor
from starmodel.app.context import current_context
from starmodel.app.credentials.credentials import Credentials
from starmodel.app.ports.credentials.attempts import Limit
from starmodel.app.sessions.session import Session
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.built_in.auth.users.actors import present_actor

CURRENT_PASSWORDS = Limit(free=5, max_wait_s=900, forget_s=12 * 3600.0)


def present_credentials() -> Credentials:
    """The credentials of the application whose event runs."""
    context = current_context.get()
    found = None if context is None else getattr(context.host, "credentials", None)
    if not isinstance(found, Credentials):
        raise ConfigurationError("This application has no system store for credentials.")
    return found


@asynccontextmanager
async def current_password_attempt(user: Any) -> AsyncIterator[None]:
    """Count an attempt to verify the password of a signed-in user; success clears the count.

    A stolen session or token tries no more passwords than a sign-in does.
    Raises: TooManyAttemptsError; StoreUnavailableError.
    """
    attempts, counted = present_credentials().attempts, ("current password", str(user.id))
    await attempts.claim(*counted, CURRENT_PASSWORDS)
    yield
    await attempts.clear(*counted)


def renew(session: Session | None, user: Any) -> None:
    """Give the session of the user a new id, so that copies of its cookie end."""
    actor = None if session is None else session.actor
    if session is not None and actor is not None and not isinstance(actor, LimitedActor):
        session.sign_in(present_actor(user, actor), provider=session.provider)
