"""Accounts: users found by their address, made, and signed in by password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from starmodel.app.access.policy import Actor
from starmodel.app.application import Application
from starmodel.app.commands.command import Outcome
from starmodel.app.credentials.tokens.tokens import Tokens
from starmodel.app.queries.objects import Objects
from starmodel.app.sessions.session import Session
from starmodel.core.commands import Action
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.built_in.auth.passwords.hashing import password_hasher
from starmodel.plugins.built_in.auth.passwords.rules import check_new_password
from starmodel.plugins.built_in.auth.users.addresses import normalised_address
from starmodel.plugins.built_in.auth.users.user import ADMIN, SignInRefusedError


@dataclass(frozen=True, slots=True)
class Proven:
    """A user whose password was verified.

    Shapes: password_hash is the hash that it was verified against; new_hash is what should
    replace it, "" for none.
    """

    user: Any
    password_hash: str = field(repr=False)
    new_hash: str = field(default="", repr=False)


class Accounts:
    """The users of one application.

    Shapes: user is `User` or the application's subclass of it.
    """

    def __init__(self, application: Application, user: type[Any]) -> None:
        self._application, self.user = application, user

    @property
    def users(self) -> Objects[Any]:
        """The records of users, for trusted code."""
        return self._application.objects(self.user)

    @property
    def tokens(self) -> Tokens:
        """The bearer tokens of users."""
        credentials = self._application.credentials
        if credentials is None:
            raise ConfigurationError("This application has no system store for tokens.")
        return credentials.tokens

    async def find(self, email: str) -> Any:
        """The user with this address; None for an unknown one."""
        address = normalised_address(email)
        found = await self.users.list(email=address, limit=1) if address else []
        return found[0] if found else None

    async def of_actor(self, actor: Actor | None) -> Any:
        """The user of this actor; None for a guest and for other actors."""
        return None if actor is None else await self.users.find(actor.id)

    async def has_admin(self) -> bool:
        """Whether an enabled user is an administrator."""
        async for user in self.users.stream(disabled=False):
            if ADMIN in user.roles:
                return True
        return False

    async def create(self, email: str, *, name: str = "", password: str = "", **values: Any) -> Any:
        """Store a new user; without a password there is no sign-in by one.

        Raises: BindingError, for an invalid address or a password that is not accepted;
        ConstraintError, for an address that is taken.
        """
        stored = ""
        if password:
            checked = check_new_password(password, personal=[email, name])
            stored = await password_hasher().hash(checked)
        number = 1 if stored else 0
        return await self.users.create(
            email=email, name=name, password_hash=stored, password_number=number, **values
        )

    async def verify(self, email: str, password: str) -> Proven | None:
        """The user with this address and password; None for any other.

        An unknown address costs as much time as a wrong password.
        Raises: BindingError, for a text that is no password.
        """
        user = await self.find(email)
        stored = "" if user is None else user.password_hash
        verified = await password_hasher().verify(stored or None, password)
        if user is None or user.disabled or not verified.ok:
            return None
        new = await password_hasher().hash(password) if verified.needs_rehash else ""
        return Proven(user, stored, new)

    async def sign_in(self, proven: Proven, session: Session) -> bool:
        """Sign the session in; False when the user was changed meanwhile.

        The caller stores the session, and calls `confirm` after it.
        """
        stored, new = SecretStr(proven.password_hash), SecretStr(proven.new_hash)
        action = proven.user.do.sign_in(password_hash=stored, new_hash=new)
        try:
            await self.run(action, session=session)
        except SignInRefusedError:
            return False
        return True

    async def run(self, action: Action, **options: Any) -> Outcome:
        """Run an event of a user, as trusted code unless `actor` is given."""
        return await self._application.dispatch(action, **options)
