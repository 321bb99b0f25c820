"""Password hashes: argon2id, computed in a bounded thread pool."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import NamedTuple, TypeVar

from starmodel.core.errors import OverloadedError
from starmodel.plugins.built_in.auth.passwords.algorithms import hashed, verified
from starmodel.plugins.built_in.auth.passwords.texts import normalised

T = TypeVar("T")
MAX_THREADS = 4
MAX_WAITING = 64


class Verified(NamedTuple):
    """Whether a password is the right one, and whether its hash should be replaced.

    Shapes: needs_rehash is True only with ok, for a hash that is weaker than a new one.
    """

    ok: bool
    needs_rehash: bool = False


class PasswordHasher:
    """Hashes and verifies passwords without blocking the event loop.

    At most `threads` run at a time, with 19 MiB each, and at most `waiting` more are queued.
    It is awaited: never use it inside of a sync event, which may run again.

    Units: threads is a number of threads, None for one per processor, at most 4.
    """

    def __init__(self, *, threads: int | None = None, waiting: int = MAX_WAITING) -> None:
        self._threads = threads or min(MAX_THREADS, os.cpu_count() or 1)
        self._places = threading.BoundedSemaphore(self._threads + waiting)
        self._pool: ThreadPoolExecutor | None = None
        self._opening = threading.Lock()

    async def hash(self, text: str) -> str:
        """The argon2id hash of a password, for storage.

        Raises: RefusedPasswordError, for a text that can't be hashed; OverloadedError.
        """
        return await self._run(hashed, normalised(text))

    async def verify(self, stored: str | None, text: str) -> Verified:
        """Whether the password has this hash.

        Without a hash (an unknown account, or one without a password) it does the same work, and
        is never ok.

        Shapes: stored is a hash of argon2 or, with the library bcrypt, of bcrypt; others are
        never ok.
        Raises: RefusedPasswordError, for a text that can't be hashed; OverloadedError;
        ConfigurationError, for a hash of bcrypt without the library.
        """
        ok, is_weaker = await self._run(verified, stored, normalised(text), text)
        return Verified(ok, ok and is_weaker)

    def close(self) -> None:
        """End the threads when the queue is empty; the next call starts new ones."""
        with self._opening:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        if not self._places.acquire(blocking=False):
            raise OverloadedError("Too many passwords are being hashed; the queue is full.")
        try:
            job: Future[T] = self._submit(work, *args)
        except BaseException:
            self._places.release()
            raise
        job.add_done_callback(lambda _: self._places.release())  # also for a cancelled one
        return await asyncio.wrap_future(job)

    def _submit(self, work: Callable[..., T], *args: object) -> Future[T]:
        with self._opening:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="password")
            return self._pool.submit(work, *args)


@cache
def password_hasher() -> PasswordHasher:
    """The hasher of this process, which its applications share."""
    return PasswordHasher()
