"""Bearer tokens: issued, listed, revoked, and the actors of requests that bring one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from starmodel.app.access.grants import Grants, LimitedActor, checked_grants, limited
from starmodel.app.access.policy import Actor
from starmodel.app.credentials.tokens.cache import TokenCache
from starmodel.app.credentials.tokens.texts import is_token, new_token, token_hash
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.credentials.tokens import TokenRecord, TokenStore
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import Registry
from starmodel.core.errors import AccessDeniedError, ConfigurationError

PROVIDER = "token"
DAY_S = 24 * 3600.0
MAX_DAYS = 366
MAX_NAME_CHARS = 100
MAX_TOKENS = 50
KEY_CHARS = 32


class Tokens:
    """The bearer tokens of one application.

    A token's actor is its owner, limited to the grants of the token. The text is returned once;
    the store has a hash. Every method that reads or writes raises StoreUnavailableError.

    Shapes: ended is called with the session key of each token that ends; check is called with
    the owner of each token that this process has created.
    """

    check: Callable[[Actor], Awaitable[None]] | None = None

    def __init__(
        self,
        store: TokenStore,
        registry: Registry,
        *,
        clock: Clock,
        ended: Callable[[str], Awaitable[None]],
        watched: Callable[[], bool],
    ) -> None:
        async def announce(record: TokenRecord) -> None:
            await ended(_key(record))

        self._registry, self._clock = registry, clock
        self._cache = TokenCache(store, clock=clock, ended=announce, watched=watched)

    async def create(
        self, owner: Actor, name: str, grants: Iterable[str], *, days: int, text: str = ""
    ) -> tuple[str, TokenRecord]:
        """A new token of the owner, and what is stored of it.

        Shapes: text is one that `new_token` has made, "" makes it here.

        Raises: ConfigurationError, for an unknown grant, a name of no or more than 100
        characters, days outside of 1 to 366, and an owner with 50 tokens; AccessDeniedError, for
        an owner who has come by a token.
        """
        if isinstance(owner, LimitedActor):
            raise AccessDeniedError("A bearer token can't make further tokens.")
        name = name.strip()
        if not 0 < len(name) <= MAX_NAME_CHARS or not 0 < days <= MAX_DAYS:
            raise ConfigurationError(
                f"A token with a name of {len(name)} characters for {days} days; expected 1 to "
                f"{MAX_NAME_CHARS} characters and 1 to {MAX_DAYS} days."
            )
        checked = checked_grants(grants, self._registry)
        if len(await self._cache.of_actor(owner.id)) >= MAX_TOKENS:
            raise ConfigurationError(f"There are {MAX_TOKENS} tokens already; revoke one first.")
        text, now = text or new_token(), self._clock()
        if not is_token(text):
            raise ConfigurationError("The text of the token was not made by new_token().")
        names = tuple(sorted(checked.names))
        record = TokenRecord(token_hash(text), owner, name, names, now, now + days * DAY_S)
        await self._cache.issue(record)
        if self.check is not None:
            await self.check(owner)
        return text, record

    async def list(self, owner_id: str) -> Sequence[TokenRecord]:
        """The valid tokens of an owner, the newest first."""
        return await self._cache.of_actor(owner_id)

    async def end(self, owner_id: str, *, only: str = "") -> int:
        """Revoke every token of an owner, or the one with this handle; returns their number.

        Holds at once in this process and within a second in others; streams of the token end.
        """

        def revised(record: TokenRecord) -> Actor | None:
            return None if record.handle == (only or record.handle) else record.actor

        return await self.revise(owner_id, revised)

    async def revise(self, owner_id: str, revised: Callable[[TokenRecord], Actor | None]) -> int:
        """Give every token the owner that the function returns for it; revoke it for None.

        Returns how many tokens have changed.
        """
        now, changed = self._clock(), []
        for record in await self._cache.of_actor(owner_id):
            actor = revised(record)
            if actor is None:
                changed.append(record._replace(ended_at=now))
            elif actor != record.actor:
                changed.append(record._replace(actor=actor))
        await self._cache.update(changed)
        return len(changed)

    async def session_of(self, text: str) -> Session | None:
        """The session of a request with this token; None for one that is not valid.

        Its key is the same in every request with the token, so that idempotency keys work.
        """
        record = await self._cache.find(token_hash(text)) if is_token(text) else None
        if record is None:
            return None
        actor, key = limited(record.actor, Grants.of(record.grants)), _key(record)
        return Session(key, f"token {key}", key, actor, {}, PROVIDER, record.created_at)

    async def close(self) -> None:
        """Stop polling, and release the connections of the store."""
        await self._cache.close()


def _key(record: TokenRecord) -> str:
    return record.id[:KEY_CHARS]
