"""Runs ASGI applications for synchronous tests, each in the event loop of a background thread.

Requests are ASGI calls; no port is bound.
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
from starmodel.testing.store_factories import has_memory_stores

T = TypeVar("T")
_running: dict[int, RunningApp] = {}
_collectors: list[list[RunningApp]] = []


class RunningApp:
    """An application whose lifespan has started, shared by its visitors.

    Units: timeout_s bounds each call into the event loop.
    """

    def __init__(self, app: Any) -> None:
        self.app, self.visitors = app, 0
        self.application, self.root_path, self.gateway = find_application(app)
        if _collectors and not has_memory_stores(self.application):
            raise ConfigurationError(
                "This application was built before in_memory (or memory_stores) began, so it uses "
                "its configured stores. Build it inside: call create_app() in a function that the "
                "test calls."
            )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._lifespan: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._to_app: asyncio.Queue[Any] = asyncio.Queue()
        self._from_app: asyncio.Queue[Any] = asyncio.Queue()
        try:
            self.run(self._start())
        except BaseException:
            self._end_loop()
            raise

    def run(self, work: Awaitable[T], timeout_s: float = 30.0) -> T:
        """Run an awaitable in the event loop of the application and return its result.

        Raises: what it raises; TimeoutError; ConfigurationError, when called from
        inside the application.
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
                    "handler or a route is still running. For more time, use "
                    "Visitor(app, timeout_s=…)."
                ) from None

        return asyncio.run_coroutine_threadsafe(bounded(), self._loop).result()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a task that the next `settle` awaits."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Return when no handler runs, and every committed change has reached every open page."""
        idle_rounds = 0
        while idle_rounds < 2:
            if self._tasks:
                await asyncio.gather(*self._tasks)
            await self.application.reactions.idle()
            await self.application.mail.idle()
            is_pending = any(s.pending for s in self.application.hub) or bool(self._tasks)
            lists, titles = self.application.lists, self.application.title_changes
            if is_pending or not (titles.settled and lists.settled):
                idle_rounds = 0
                await asyncio.sleep(0.001)
            else:
                idle_rounds += 1
                await asyncio.sleep(0)

    @property
    def is_running(self) -> bool:
        return self._loop.is_running()

    def close(self) -> None:
        """Run the shutdown of the lifespan and stop the event loop."""
        _running.pop(id(self.app), None)
        if not self.is_running:
            return
        self.run(self._stop())
        self._end_loop()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}

        async def run_lifespan() -> None:
            try:
                await self.app(scope, self._to_app.get, self._from_app.put)
            finally:
                await self._from_app.put({"type": "ended"})

        self._lifespan = asyncio.create_task(run_lifespan())
        await self._to_app.put({"type": "lifespan.startup"})
        message = await self._from_app.get()
        if message["type"] == "ended":
            self._lifespan.result()  # raises the exception of the startup
        if message["type"] == "lifespan.startup.failed":
            await asyncio.wait([self._lifespan])
            self._lifespan.exception()  # the framework re-raises what the message reports
            raise ConfigurationError(f"The application did not start: {message.get('message', '')}")

    async def _stop(self) -> None:
        if self._lifespan is not None and not self._lifespan.done():
            await self._to_app.put({"type": "lifespan.shutdown"})
            await asyncio.wait([self._lifespan], timeout=10)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.application.close()  # a late request may have opened the stores again
        await self._loop.shutdown_default_executor()


def find_application(app: Any) -> tuple[Application, str, Any]:
    """The StarModel application of an ASGI application, its mount path and its gateway.

    Raises: ConfigurationError, when there is none.
    """
    mounts = [(r.path, r.app) for r in getattr(app, "routes", ()) if _is_mount(r)]
    for path, inner in [("", app), *mounts]:
        if hasattr(inner, "starmodel") and hasattr(inner, "gateway"):
            return inner.starmodel, path, inner.gateway
    raise ConfigurationError(
        f"Visitor({type(app).__name__}) expected what create_app() or configure_app() made, or an "
        "application that mounts it."
    )


def _is_mount(route: Any) -> bool:
    return hasattr(route, "app") and hasattr(route, "path") and not hasattr(route, "endpoint")


def acquire(app: Any) -> RunningApp:
    """The running application; the first visitor starts its lifespan."""
    running = _running.get(id(app))
    if running is None:
        running = _running[id(app)] = RunningApp(app)
        if _collectors:
            _collectors[-1].append(running)
    running.visitors += 1
    return running


def release(running: RunningApp) -> None:
    """Close the application with its last visitor, unless `collect_started` closes it later."""
    running.visitors -= 1
    if running.visitors <= 0 and not any(running in started for started in _collectors):
        running.close()


def close_all(running: Iterable[RunningApp] | None = None) -> None:
    """Close these applications, by default all that are running."""
    for each in list(_running.values() if running is None else running):
        each.close()


@contextmanager
def collect_started() -> Iterator[list[RunningApp]]:
    """Collect applications that start in this context; their visitors don't close them."""
    _collectors.append([])
    try:
        yield _collectors[-1]
    finally:
        _collectors.pop()


atexit.register(close_all)
