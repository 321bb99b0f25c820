"""Base class of driver connections; translates driver errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.drivers.network.server import (
    NOT_SENT,
    ConnectionLostError,
    StatementError,
)
from starmodel.adapters.persistence.sql.schema.constraints import ConstraintViolatedError

T = TypeVar("T")
P = TypeVar("P")


class DriverConnection(ABC):
    """A `Connection` over one driver connection."""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """True when the connection is known to be unusable."""

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        return await self._run(self._fetch, sql, params, is_query=True)

    async def rows_for_each(self, sql: str, params: Sequence[Sequence[Any]]) -> list[list[Row]]:
        found: list[list[Row]] = [[] for _ in params]
        for row in await self._run(self._fetch_each, sql, params, is_query=True):
            found[row[0]].append(row[1:])
        return found

    async def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        return await self._run(self._execute, sql, params)

    async def set_lock_timeout(self, seconds: float | None) -> None:
        await self.execute(self._lock_timeout(seconds))

    async def terminate(self) -> None:
        self._terminate()

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
    def _terminate(self) -> None:
        """Close the connection without waiting for the server."""

    @abstractmethod
    def _is_connection_lost(self, error: Exception) -> bool:
        """True for an error that leaves the connection unusable."""

    @abstractmethod
    async def _translate(self, error: Exception, text: str) -> Exception:
        """Translate any other driver error; return errors from elsewhere unchanged."""

    def _text(self, error: Exception) -> str:
        return str(error)

    async def _run(
        self, do: Callable[[str, P], Awaitable[T]], sql: str, params: P, *, is_query: bool = False
    ) -> T:
        if self.closed:
            self._terminate()
            raise ConnectionLostError(NOT_SENT, sent=False)
        try:
            return await do(sql, params)
        except Exception as error:
            text = self._text(error)
            if self._is_connection_lost(error) or self.closed:
                self._terminate()
                what = f"the connection was lost ({text or type(error).__name__})"
                raise ConnectionLostError(what) from error
            translated = await self._translate(error, text)
            if is_query and isinstance(translated, ConstraintViolatedError):
                translated = StatementError(text)
            raise translated from error
