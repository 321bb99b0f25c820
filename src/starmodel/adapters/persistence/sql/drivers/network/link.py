"""Base class of driver connections; translates driver errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from starmodel.adapters.persistence.sql.drivers.network.server import (
    NEVER_SENT,
    FailedError,
    LostError,
)
from starmodel.adapters.persistence.sql.schema.constraints import RefusedError
from starmodel.adapters.persistence.sql.statements import Row

T = TypeVar("T")
P = TypeVar("P")


class DriverLink(ABC):
    """A `Link` over one driver connection."""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """True when the connection is known to be unusable."""

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        return await self._done(self._fetch, sql, params, asks=True)

    async def each(self, sql: str, params: Sequence[Sequence[Any]]) -> list[list[Row]]:
        found: list[list[Row]] = [[] for _ in params]
        for row in await self._done(self._fetch_each, sql, params, asks=True):
            found[row[0]].append(row[1:])
        return found

    async def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        return await self._done(self._execute, sql, params)

    async def set_lock_timeout(self, seconds: float | None) -> None:
        await self.run(self._lock_timeout(seconds))

    async def end(self) -> None:
        self._drop()

    @abstractmethod
    async def _fetch(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        """Return all rows of a query."""

    @abstractmethod
    async def _fetch_each(self, sql: str, params: Sequence[Sequence[Any]]) -> Sequence[Row]:
        """Return the rows of all parameter sets; each row begins with the index of its set."""

    @abstractmethod
    async def _execute(self, sql: str, params: Sequence[Any]) -> int:
        """Execute a statement; return the number of rows found or changed."""

    @abstractmethod
    def _lock_timeout(self, seconds: float | None) -> str:
        """Return the statement that sets the lock timeout of this connection."""

    @abstractmethod
    def _drop(self) -> None:
        """Close the connection without waiting for the server."""

    @abstractmethod
    def _is_lost(self, error: Exception) -> bool:
        """True for an error that leaves the connection unusable."""

    @abstractmethod
    async def _meaning(self, error: Exception, text: str) -> Exception:
        """Translate any other driver error; return errors from elsewhere unchanged."""

    def _text(self, error: Exception) -> str:
        return str(error)

    async def _done(
        self, do: Callable[[str, P], Awaitable[T]], sql: str, params: P, *, asks: bool = False
    ) -> T:
        if self.closed:
            self._drop()
            raise LostError(NEVER_SENT, sent=False)
        try:
            return await do(sql, params)
        except Exception as error:
            text = self._text(error)
            if self._is_lost(error) or self.closed:
                self._drop()
                what = f"the connection was lost ({text or type(error).__name__})"
                raise LostError(what) from error
            told = await self._meaning(error, text)
            if asks and isinstance(told, RefusedError):
                told = FailedError(text)
            raise told from error
