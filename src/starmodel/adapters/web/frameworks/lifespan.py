"""The lifespan of an application: its stores and streams, around the user's lifespan."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starmodel.adapters.web._compat.starlette import wrap_lifespan
from starmodel.adapters.web.gateway import Gateway
from starmodel.core.errors import ConfigurationError

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


def connect_lifespan(router: Any, gateway: Gateway) -> None:
    """Open the stores before the user's lifespan starts; close streams and stores after its end.

    The state of the user's lifespan is that of the application.
    """

    def around(user: Lifespan) -> Lifespan:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[Any]:
            application = gateway.application
            await application.ready()
            application.navigation.check(entry.path for entry in application.extensions.nav)
            gateway.serving_starts("")
            if gateway.lock is not None:
                gateway.lock.acquire()
            release = _close_streams_on_signal(gateway)
            try:
                async with user(app) as state:
                    yield state
            finally:
                release()
                if gateway.lock is not None:
                    gateway.lock.release()
                await gateway.application.close()

        return lifespan

    wrap_lifespan(router, around)


def with_short_errors(send: Any) -> Any:
    """A `send` that replaces the traceback of a ConfigurationError at startup by its message."""

    async def send_short(message: Any) -> None:
        error = sys.exception()  # whose traceback the framework sends
        if message["type"] == "lifespan.startup.failed" and isinstance(error, ConfigurationError):
            message = {**message, "message": str(error)}
        await send(message)

    return send_short


def _close_streams_on_signal(gateway: Gateway) -> Callable[[], None]:
    """End streams on the server's stop signals; it waits for them before lifespan shutdown."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    previous: dict[int, Any] = {}

    def stop(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(gateway.end_replies)
        handler = previous[number]
        if callable(handler):
            handler(number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler) and handler is not signal.default_int_handler:
            previous[number] = handler
            signal.signal(number, stop)

    def release() -> None:
        for number, handler in previous.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)

    return release
