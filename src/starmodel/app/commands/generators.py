"""One way to walk through what a generator event yields, sync or async."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any


class Steps:
    """What a generator event yields, sync or async, with errors thrown in at the yield."""

    def __init__(self, generator: Any) -> None:
        self._generator, self._error = generator, None
        self._is_async = hasattr(generator, "__anext__")

    async def close(self) -> None:
        """Let the event clean up when it is not run to its end."""
        if self._is_async:
            await self._generator.aclose()
        else:
            self._generator.close()

    def throw_in(self, error: BaseException) -> None:
        self._error = error  # type: ignore[assignment]

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        error, self._error = self._error, None
        if self._is_async:
            if error is None:
                return await self._generator.__anext__()
            return await self._generator.athrow(error)
        try:
            return next(self._generator) if error is None else self._generator.throw(error)
        except StopIteration:
            raise StopAsyncIteration from None
