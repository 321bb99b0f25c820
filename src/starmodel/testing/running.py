"""Runs an application for tests that are not async: one event loop in a thread, shared by visitors.

Nothing listens on a port; requests are ASGI calls.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starmodel.app.application import Application
from starmodel.app.context import RequestContext, current_context
from starmodel.core.errors import ConfigurationError
from starmodel.testing.stand_ins import is_in_memory

T = TypeVar("T")
_running: dict[int, RunningApp] = {}
_keepers: list[list[RunningApp]] = []


class RunningApp:
    """An application between its start and its end.

    Units: timeout_s bounds each call into the application.
    """

    def __init__(self, app: Any) -> None:
        self.app, self.users = app, 0
        self.application, self.root_path, self.front = served_by(app)
        if _keepers and not is_in_memory(self.application):
            raise ConfigurationError(
                "This application was built before in_memory (or memory_stores) began, so its "
                "stores are the real ones. Build it inside: call create_app() in a function that "
                "the test calls."
            )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._lifespan: asyncio.Task[None] | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self.run(self._start())

    def run(self, work: Awaitable[T], timeout_s: float = 30.0) -> T:
        """The result of async work in the application's loop. Raises what it raises; TimeoutError.

        Raises: ConfigurationError, when called from inside the application itself.
        """
        if threading.current_thread() is self._thread:
            raise ConfigurationError("A visitor can't be used inside the application it visits.")

        async def bounded() -> T:
            current_context.set(RequestContext(self.application))
            try:
                async with asyncio.timeout(timeout_s) as limit:
                    return await work
            except TimeoutError:
                if not limit.expired():
                    raise
                raise TimeoutError(
                    f"The application was not done within {timeout_s:g} s: an event, an @on "
                    "handler or the answer of a route is still running. More time is given by "
                    "Visitor(app, timeout_s=…)."
                ) from None

        return asyncio.run_coroutine_threadsafe(bounded(), self._loop).result()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the loop that the next `settle` waits for."""
        task = self._loop.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def settle(self) -> None:
        """Return when every change so far has been delivered to every open page."""
        calm = 0
        while calm < 2:
            if self._work:
                await asyncio.gather(*self._work)
            await self.application.reactions.idle()
            waiting = any(s.pending for s in self.application.hub) or bool(self._work)
            if waiting or not self.application.lists.settled:
                calm = 0
                await asyncio.sleep(0.001)
            else:
                calm += 1
                await asyncio.sleep(0)

    @property
    def alive(self) -> bool:
        return self._loop.is_running()

    def close(self) -> None:
        """End the application as a stopping server does."""
        _running.pop(id(self.app), None)
        if not self.alive:
            return
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}

        async def live() -> None:
            try:
                await self.app(scope, self._inbox.get, self._told.put)
            finally:
                await self._told.put({"type": "ended"})

        self._lifespan = asyncio.create_task(live())
        await self._inbox.put({"type": "lifespan.startup"})
        told = await self._told.get()
        if told["type"] == "ended":
            self._lifespan.result()  # raises what the start raised
        if told["type"] == "lifespan.startup.failed":
            raise ConfigurationError(f"The application did not start: {told.get('message', '')}")

    async def _stop(self) -> None:
        if self._lifespan is not None and not self._lifespan.done():
            await self._inbox.put({"type": "lifespan.shutdown"})
            await asyncio.wait([self._lifespan], timeout=10)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.application.close()  # a request at the end may have opened the stores again
        await self._loop.shutdown_default_executor()


def served_by(app: Any) -> tuple[Application, str, Any]:
    """The StarModel application of an ASGI application, where it is mounted, and its front.

    Raises: ConfigurationError, when there is none.
    """
    mounts = [(r.path, r.app) for r in getattr(app, "routes", ()) if _is_mount(r)]
    for path, inner in [("", app), *mounts]:
        if hasattr(inner, "starmodel") and hasattr(inner, "front"):
            return inner.starmodel, path, inner.front
    raise ConfigurationError(
        f"Visitor({type(app).__name__}) expected what create_app() or configure_app() made, or an "
        "application that mounts it."
    )


def _is_mount(route: Any) -> bool:
    return hasattr(route, "app") and hasattr(route, "path") and not hasattr(route, "endpoint")


def enter(app: Any) -> RunningApp:
    """The application, started unless a visitor has it running already."""
    running = _running.get(id(app))
    if running is None:
        running = _running[id(app)] = RunningApp(app)
        if _keepers:
            _keepers[-1].append(running)
    running.users += 1
    return running


def leave(running: RunningApp) -> None:
    """One visitor less; with the last one the application ends, unless a test keeps it."""
    running.users -= 1
    if running.users <= 0 and not any(running in kept for kept in _keepers):
        running.close()


def close_all(running: Iterable[RunningApp] | None = None) -> None:
    """End these applications, or all that are still running."""
    for each in list(_running.values() if running is None else running):
        each.close()


@contextmanager
def keep_new() -> Iterator[list[RunningApp]]:
    """Let applications that are started meanwhile outlive their visitors; gives them."""
    _keepers.append([])
    try:
        yield _keepers[-1]
    finally:
        _keepers.pop()


atexit.register(close_all)
