"""The queue between the application and its mailer."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from starmodel.app.context import current_context, derived_context
from starmodel.app.failures import is_failure
from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.mailer import Mailer, MailError, MailMessage, MailRefusedError
from starmodel.app.sessions.browser_state import NO_BROWSER_STATE
from starmodel.core.errors import ConfigurationError
from starmodel.core.values.log_text import log_text
from starmodel.core.values.mail_addresses import masked_address

Compose = Callable[[], Awaitable[MailMessage | None]]
log = logging.getLogger("starmodel.mail")
MAX_WAITING = 1000
MAX_AT_ONCE = 4
RETRY_DELAYS_S = (2.0, 15.0, 60.0, 300.0)  # servers that greylist accept after five minutes
ATTEMPT_LIMIT_S = 60.0
COMPOSE_DELAY_S = 0.1  # until the response is sent, whose time must not depend on the message
PROVED_S, FAILED_S = 300.0, 30.0
MAX_FAILURE_CHARS = 300
_LINK = re.compile(r"\S+://\S+|\S*\d{6}\S*")


class MailQueue:
    """Sends messages after the request that caused them, a few at a time.

    A failed attempt is repeated after a delay that grows; a refused message is not. In this
    process only: a message that waits when the process ends is lost, and logged.

    Shapes: mailer is None for an application that can't send mail; hide removes values of
    settings from texts of errors.
    Units:  max_waiting counts messages that are not sent yet; retry_delays_s has the seconds
    before each further attempt.
    """

    def __init__(
        self,
        mailer: Mailer | None = None,
        *,
        clock: Clock = system_clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        max_waiting: int = MAX_WAITING,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
        hide: Callable[[str], str] = str,
    ) -> None:
        self.mailer = mailer
        self._hide = hide
        self._clock, self._sleep = clock, sleep
        self._max_waiting, self._delays_s = max_waiting, tuple(retry_delays_s)
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._proved_at = self._failed_at = float("-inf")
        self._failure = ""

    @property
    def is_available(self) -> bool:
        """Whether the application can send mail."""
        return self.mailer is not None

    def send(self, message: MailMessage) -> bool:
        """Queue a message and return at once; False when the queue is full, which is logged.

        Call it after the commit that it is about: in an `@on` handler or in a route, never in an
        event, which may run again. From another thread it returns True.

        Raises: ConfigurationError, without a mailer.
        """
        return self._start(partial(_given, message), masked_address(message.to))

    def compose(self, make: Compose, *, about: str) -> bool:
        """Queue a message that is composed after the response, as `send` does.

        So the time of the response does not depend on the message, nor on whether there is one.

        Shapes: make returns a message, or None for no message; about is for logs.
        """

        async def make_later() -> MailMessage | None:
            await self._sleep(COMPOSE_DELAY_S)
            return await make()

        return self._start(make_later, about)

    def _start(self, make: Compose, about: str) -> bool:
        if self.mailer is None:
            raise ConfigurationError(
                "This application can't send mail. Set mail_url, such as "
                "smtps://user:password@mail.example.org, and mail_from."
            )
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a route that runs in a thread
            return self._start_from_thread(make, about)
        self.attach(loop)
        if len(self._tasks) >= self._max_waiting:
            log.error("Mail to %s was dropped: the queue is full", about)
            return False
        task = loop.create_task(self._make(self.mailer, make, about))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _start_from_thread(self, make: Compose, about: str) -> bool:
        if self._loop is None or self._loop.is_closed():
            raise ConfigurationError("Mail is sent while the application runs.")
        self._loop.call_soon_threadsafe(self._start, make, about)
        return True

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send in this event loop from now on."""
        if self._loop is not loop:
            self._loop, self._slots = loop, asyncio.Semaphore(MAX_AT_ONCE)
            self._tasks.clear()

    async def idle(self, *, timeout_s: float | None = None) -> None:
        """Return when no message waits. Raises: TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while self._tasks:
                await asyncio.wait(set(self._tasks))

    async def close(self, *, timeout_s: float) -> None:
        """Send what can be sent within the timeout, then close the mailer."""
        if self.mailer is None:
            return
        waiting = set(self._tasks) if self._loop is asyncio.get_running_loop() else set()
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=timeout_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
                log.error("%d messages were not sent before the application ended", len(late))
        await self.mailer.close()

    async def check(self) -> None:
        """Raise the failure of the last attempt; probe the mailer when it is some time ago.

        Raises: MailError.
        """
        now = self._clock()
        if self.mailer is None or (not self._failure and now - self._proved_at < PROVED_S):
            return
        if self._failure and now - self._failed_at < FAILED_S:
            raise MailError(self._failure)
        if failure := await self._attempt(self.mailer.check()):
            raise failure

    async def _make(self, mailer: Mailer, make: Compose, about: str) -> None:
        current_context.set(derived_context(browser_state=NO_BROWSER_STATE, scope=None))
        try:
            message = await make()
        except ValueError as error:  # an address that accounts may have, and mail can't
            log.error("Mail to %s could not be made: %s", about, log_text(error))
            return
        except Exception:  # delivery: no caller awaits it
            log.exception("Mail to %s could not be made", about)
            return
        if message is not None:
            await self._deliver(mailer, message)

    async def _deliver(self, mailer: Mailer, message: MailMessage) -> None:
        to, attempts = masked_address(message.to), len(self._delays_s) + 1
        for number, delay_s in enumerate((*self._delays_s, None), 1):
            async with self._slots:
                failure = await self._attempt(mailer.send(message))
            if failure is None:
                return
            if isinstance(failure, MailRefusedError):
                log.error("Mail to %s was refused: %s", to, self._logged(failure))
                return
            if delay_s is None:
                log.error("Mail to %s was not sent: %s", to, self._logged(failure))
                return
            log.warning(
                "Mail to %s was not sent in attempt %d of %d, the next is in %g s: %s",
                to, number, attempts, delay_s, self._logged(failure),
            )  # fmt: skip
            await self._sleep(delay_s)

    async def _attempt(self, work: Awaitable[None]) -> MailError | None:
        """The failure of one attempt, also of a mailer that raises something else."""
        try:
            async with asyncio.timeout(ATTEMPT_LIMIT_S):
                await work
        except MailRefusedError as error:  # the server works
            self._proved()
            return error
        except MailError as error:
            return self._failed(error)
        except TimeoutError:
            return self._failed(MailError(f"It takes longer than {ATTEMPT_LIMIT_S:g} s."))
        except BaseException as error:  # a mailer of a plugin may raise anything
            if not is_failure(error):
                raise
            return self._failed(MailError(f"{type(error).__name__} in the mailer: {error}"))
        self._proved()
        return None

    def _proved(self) -> None:
        self._proved_at, self._failure = self._clock(), ""

    def _failed(self, error: MailError) -> MailError:
        self._failed_at, self._failure = self._clock(), self._logged(error)
        return error

    def _logged(self, error: MailError) -> str:
        """The text of a failure without links and codes, which a server may have quoted."""
        return log_text(_LINK.sub("…", self._hide(str(error))))[:MAX_FAILURE_CHARS]


async def _given(message: MailMessage) -> MailMessage:
    return message
