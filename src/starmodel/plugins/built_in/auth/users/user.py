"""The record of a person who can sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import SecretStr, StringConstraints

from starmodel.app.access.expressions.comparisons import owner, record
from starmodel.app.access.expressions.expression import role
from starmodel.app.access.grants import UnknownGrantError
from starmodel.app.sessions.session import Session
from starmodel.app.uow import UnitOfWork
from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, ConfigurationError, ConstraintError
from starmodel.core.events import event
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import Field
from starmodel.core.fields.stores import SYSTEM
from starmodel.plugins.built_in.auth.passwords.hashing import password_hasher
from starmodel.plugins.built_in.auth.passwords.rules import check_new_password
from starmodel.plugins.built_in.auth.passwords.texts import RefusedPasswordError
from starmodel.plugins.built_in.auth.users.actors import ONE_TIME, PASSWORD, actor_of
from starmodel.plugins.built_in.auth.users.addresses import Address, normalised_address
from starmodel.plugins.built_in.auth.users.present import (
    current_password_attempt,
    present_credentials,
    renew,
)
from starmodel.texts.catalogue import Message

ADMIN = "admin"
ENABLED = record.disabled.is_(False)
MAX_ROLES, MAX_NAME_CHARS = 32, 100
Role = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$", max_length=64)]
"""The name of a role."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME_CHARS)]


TokenHandle = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$", max_length=12)]
"""The handle of a bearer token."""


class SignInRefusedError(BindingError):
    """The user may not sign in, or not with this password."""


class User(Entity):
    """A person who can sign in.

    Shapes: password_hash is "" for a user who has no password; password_number counts the
    changes of the password. witnessed changes when another user stops being an admin because
    this one is.
    """

    model_config = EntityConfig(
        plugin="auth", store=SYSTEM, scope="record",
        access={"read": role(ADMIN) | owner("id"), "write": role(ADMIN)},
        list_display=["email", "name", "roles", "disabled", "verified"],
        search_fields=["email", "name"],
        title_field="email",
        actors=True,
    )  # fmt: skip

    email: Address = Field(unique=True)
    name: Name = ""
    roles: list[Role] = Field(default=[], max_length=MAX_ROLES, editable=False)
    disabled: bool = Field(default=False, editable=False)
    verified: bool = Field(default=False, editable=False)
    password_hash: str = Field(default="", private=True)
    password_number: int = Field(default=0, private=True)
    witnessed: int = Field(default=0, private=True)

    @event(access="nobody")
    def sign_in(self, session: Session, password_hash: SecretStr, new_hash: SecretStr) -> None:
        """Sign the session in, after the password was verified against `password_hash`.

        Shapes: new_hash replaces the hash, "" keeps it.
        Raises: SignInRefusedError, when the user is disabled, or the password was changed
        meanwhile.
        """
        if self.disabled or self.password_hash != password_hash.get_secret_value():
            raise SignInRefusedError(Message("sign_in.refused"))
        if new_hash.get_secret_value():
            self.password_hash = new_hash.get_secret_value()
        session.sign_in(actor_of(self, methods=(PASSWORD,)), provider="password")

    @event(access=owner("id"), title=Message("account.sign_out"))
    def sign_out(self, session: Session) -> None:
        """Sign the session out."""
        session.sign_out()

    @event(access=owner("id"), title=Message("account.rename"))
    def rename(self, name: Name) -> None:
        """Change the name that others see."""
        self.name = name

    @event(access=owner("id"), title=Message("account.change_password"))
    async def change_password(
        self, current_password: SecretStr, new_password: SecretStr, session: Session
    ) -> None:
        """Replace the password; every session ends but the present one, which gets a new id.

        Raises: BindingError, for a wrong password, and for a new one that is not accepted;
        TooManyAttemptsError, after wrong passwords.
        """
        async with current_password_attempt(self):
            if not await self._has_password(current_password.get_secret_value()):
                wrong = Message("account.wrong_password")
                raise BindingError(wrong, {"current_password": wrong})
        await self._set_password(new_password.get_secret_value())
        renew(session, self)

    @event(access="nobody")
    async def set_password(self, new_password: SecretStr) -> None:
        """Replace the password without the current one; every session ends.

        Raises: BindingError, for one that is not accepted.
        """
        await self._set_password(new_password.get_secret_value())

    @event(access="nobody")
    async def create_token(
        self, name: str, grants: list[str], days: int, secret: SecretStr
    ) -> None:
        """Store a bearer token, whose text the caller has made and shows once.

        Raises: BindingError, for a name, grants or a lifetime that are not accepted.
        """
        if self.disabled:
            raise BindingError(Message("token.disabled"))
        try:
            await present_credentials().tokens.create(
                actor_of(self, methods=()), name, grants, days=days,
                text=secret.get_secret_value(),
            )  # fmt: skip
        except UnknownGrantError as error:
            wrong = Message("token.unknown_grant", grant=error.grant)
            raise BindingError(wrong, {"grants": wrong}) from error
        except ConfigurationError as error:
            raise BindingError(Message("token.refused")) from error

    @event(access=owner("id") | role(ADMIN), title=Message("token.revoke"))
    async def revoke_token(self, handle: TokenHandle) -> None:
        """Revoke a bearer token; it ends in all processes within a second."""
        await present_credentials().tokens.end(str(self.id), only=handle)

    @event(access="nobody")
    async def reset(self, new_password: SecretStr) -> None:
        """Replace the password by that of a person who has proven the address; every session ends.

        Raises: SignInRefusedError, when the user is disabled; BindingError, for a password that
        is not accepted.
        """
        self._refuse_disabled()
        await self._set_password(new_password.get_secret_value())
        self.verified = True

    @event(access="nobody")
    def sign_in_by_mail(self, session: Session) -> None:
        """Sign the session in, after an e-mail has proven the address.

        The password of an address that was never proven may be that of an intruder: it is
        removed, and every session ends.
        Raises: SignInRefusedError, when the user is disabled.
        """
        self._refuse_disabled()
        if not self.verified:
            self.verified, self.password_hash = True, ""
            self.password_number += 1
        session.sign_in(actor_of(self, methods=(ONE_TIME,)), provider="mail")

    @event(access=role(ADMIN) & ENABLED, title=Message("account.disable"))
    async def disable(self, uow: UnitOfWork) -> None:
        """Refuse sign-ins of the user, and end every session.

        Raises: ConstraintError, for the last admin.
        """
        await self._keep_an_admin(uow)
        self.disabled = True

    @event(access=role(ADMIN) & ~ENABLED, title=Message("account.enable"))
    def enable(self) -> None:
        """Let the user sign in again."""
        self.disabled = False

    @event(access=role(ADMIN), title=Message("account.grant"))
    def grant(self, role: Role) -> None:
        """Give the user a role."""
        if role not in self.roles:
            self.roles = [*self.roles, role]

    @event(access=role(ADMIN), title=Message("account.revoke"))
    async def revoke(self, role: Role, uow: UnitOfWork) -> None:
        """Take a role from the user.

        Raises: ConstraintError, for the last admin.
        """
        if role == ADMIN:
            await self._keep_an_admin(uow)
        self.roles = [name for name in self.roles if name != role]

    @event(access=role(ADMIN) & record.verified.is_(False), title=Message("account.verify"))
    def verify(self) -> None:
        """Note that the address belongs to the user."""
        self.verified = True

    @event(method="post", access=role(ADMIN), title=Message("event.create"))
    def create(self, /, **values: Any) -> None:
        """Store a new user."""
        self._assign(values)

    @event(method="patch", access=role(ADMIN), title=Message("event.update"))
    def update(self, /, **values: Any) -> None:
        """Change fields of the user; a new address is not verified."""
        if normalised_address(values.get("email", self.email)) != self.email:
            values = {"verified": False, **values}
        self._assign(values)

    @event(
        method="delete", access=role(ADMIN), title=Message("event.delete"),
        confirm=Message("event.delete_confirm"),
    )  # fmt: skip
    async def delete(self, uow: UnitOfWork) -> None:
        """Remove the user; every session ends.

        Raises: ConstraintError, for the last admin.
        """
        await self._keep_an_admin(uow)

    def _assign(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def _refuse_disabled(self) -> None:
        if self.disabled:
            raise SignInRefusedError(Message("sign_in.refused"))

    async def _has_password(self, text: str) -> bool:
        try:
            return (await password_hasher().verify(self.password_hash or None, text)).ok
        except RefusedPasswordError:  # a text that is no password
            return False

    async def _set_password(self, text: str) -> None:
        try:
            text = check_new_password(text, personal=[self.email, self.name])
            made = await password_hasher().hash(text)
        except RefusedPasswordError as error:
            raise BindingError(error.why, {"new_password": error.why}) from error
        self.password_hash = made
        self.password_number += 1

    async def _keep_an_admin(self, uow: UnitOfWork) -> None:
        """Change another admin in the same commit, so that two can't stop being one at once.

        Raises: ConstraintError, without another enabled admin.
        """
        if ADMIN not in self.roles or self.disabled:
            return
        cls: Any = self.__entity__.cls
        async for other in cls.objects.stream(disabled=False):
            if other.id != self.id and ADMIN in other.roles:
                witness = await uow.get(cls, other.id)
                if ADMIN in witness.roles and not witness.disabled:
                    witness.witnessed += 1
                    return
        raise ConstraintError(Message("account.last_admin"))
