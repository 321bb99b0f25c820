"""Iteration of generator events, sync or async."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from starmodel.app.commands.cancelling import Cancellation


class Steps:
    """An async iterator over a sync or async generator, which can throw errors in at a yield.

    Shapes: cancellation may end the iteration by an EventCancelledError.
    """

    def __init__(self, generator: Any, cancellation: Cancellation | None = None) -> None:
        self._generator, self._error = generator, None
        self._cancellation = cancellation
        self._is_async = hasattr(generator, "__anext__")

    async def close(self) -> None:
        """Close the generator, so that its `finally` blocks run."""
        if self._is_async:
            await self._generator.aclose()
        else:
            self._generator.close()

    def throw_in(self, error: BaseException) -> None:
        self._error = error  # type: ignore[assignment]

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._cancellation is None:
            return await self._next()
        with self._cancellation.interruptible():
            return await self._next()

    async def _next(self) -> Any:
        error, self._error = self._error, None
        if self._is_async:
            if error is None:
                return await self._generator.__anext__()
            return await self._generator.athrow(error)
        try:
            return next(self._generator) if error is None else self._generator.throw(error)
        except StopIteration:
            raise StopAsyncIteration from None
