"""Connections to Redis: concurrent commands share round trips; failures are bounded in time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from hiredis import pack_command
from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError, NoScriptError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from starmodel.adapters.persistence.redis.scripts import SCRIPTS, Script
from starmodel.adapters.persistence.redis.server.failures import (
    CONNECTION_ERRORS,
    refused,
    unavailable,
)
from starmodel.core.errors import ConfigurationError, StoreUnavailableError

Command = tuple[Any, ...]
MAX_COMMANDS = 200
"""Commands in one round trip."""
FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 2.0
SENT_AGAIN = 3
"""How often a command is sent again whose reply was lost."""


class LostReplyError(Exception):
    """The connection was lost after a command was sent. The cause is that of the client."""


class RedisLink:
    """Sends commands. Those of concurrent callers are sent in one round trip.

    After a failed connection, callers fail at once for a while, which grows from 0.1 to 2
    seconds; then one of them tries again.

    Units: timeout_s limits a connection attempt and the wait for a reply.
    """

    def __init__(self, url: str, *, timeout_s: float, connections: int = 4) -> None:
        self._url, self._timeout_s, self._size = url, timeout_s, connections
        self._pool = self._make_pool()
        self._idle: list[Connection] = []
        self._waiting: deque[tuple[Command, asyncio.Future[Any]]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._down_until, self._pause_s = 0.0, FIRST_PAUSE_S
        self._last_error: BaseException | None = None

    def _make_pool(self) -> ConnectionPool:
        try:
            return ConnectionPool.from_url(
                self._url,
                socket_timeout=self._timeout_s,
                socket_connect_timeout=self._timeout_s,
                retry=Retry(NoBackoff(), 0),  # a script must not be sent again unseen
                protocol=2,
                decode_responses=False,
            )
        except ValueError as error:
            raise ConfigurationError(
                f"redis_url is not the address of a Redis server: {error}. Write it as "
                "redis://user:password@host:6379/0, rediss:// with TLS, or unix:///path."
            ) from error

    @property
    def place(self) -> str:
        """The address of the server, without its password."""
        words = self._pool.connection_kwargs
        return str(words.get("path") or f"{words.get('host')}:{words.get('port', 6379)}")

    async def call(self, *command: Any) -> Any:
        """The reply to one command that may be sent again. Raises: StoreError."""
        for attempt in range(SENT_AGAIN):
            try:
                return await self.send(command)
            except LostReplyError as error:
                if attempt == SENT_AGAIN - 1:
                    raise unavailable(self.place, error.__cause__ or error) from error
        raise AssertionError

    async def script(self, script: Script, keys: Sequence[str], *arguments: Any) -> Any:
        """The reply of a script that may run again. Raises: StoreError."""
        return await self.call(*script.command(keys, arguments))

    async def send(self, command: Command) -> Any:
        """The reply to a command, which is sent once.

        Raises: LostReplyError, if it may have been executed; StoreError, if it was not.
        """
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if len(self._workers) < self._size:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        reply = await future
        if isinstance(reply, ResponseError):
            if isinstance(reply, ReadOnlyError):
                await self._drop_idle()  # so that the next one finds the new primary
            raise refused(self.place, reply) from reply
        return reply

    async def close(self) -> None:
        """Wait for replies, then close every connection."""
        while self._workers:
            await asyncio.wait(self._workers)
        await self._drop_idle()

    async def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.disconnect()

    async def _work(self) -> None:
        await asyncio.sleep(0)  # collects the commands of other tasks
        while self._waiting:
            taken: list[tuple[Command, asyncio.Future[Any]]] = []
            while self._waiting and len(taken) < MAX_COMMANDS:
                command, future = self._waiting.popleft()
                if not future.done():  # cancelled
                    taken.append((command, future))
            if not taken:
                continue
            try:
                await self._exchange(taken)
            except BaseException as error:
                _fail(taken, LostReplyError(), error)
                if not isinstance(error, CONNECTION_ERRORS):
                    raise

    async def _exchange(self, taken: list[tuple[Command, asyncio.Future[Any]]]) -> None:
        try:
            connection = await self._connection()
        except StoreUnavailableError as error:
            _fail(taken, error)
            return
        except (*CONNECTION_ERRORS, RedisError) as error:
            self._failed(error)
            taken += self._waiting  # they would wait for as long, one after the other
            self._waiting.clear()
            _fail(taken, unavailable(self.place, error), error)
            return
        try:
            replies = await self._replies(connection, [command for command, _ in taken])
        except BaseException as error:
            await connection.disconnect(nowait=True)
            if isinstance(error, RedisTimeoutError):
                self._failed(error)
            raise
        self._down_until, self._pause_s = 0.0, FIRST_PAUSE_S
        self._idle.append(connection)
        for (_, future), reply in zip(taken, replies, strict=True):
            if not future.done():
                future.set_result(reply)

    async def _connection(self) -> Connection:
        now = time.monotonic()
        if now < self._down_until:
            error = self._last_error or RedisConnectionError("it is down")
            raise unavailable(self.place, error) from error
        connection = self._idle.pop() if self._idle else self._make()
        await self._pool.ensure_connection(connection)
        return connection

    def _make(self) -> Connection:
        made: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        return made

    def _failed(self, error: BaseException) -> None:
        self._last_error = error
        self._down_until = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LAST_PAUSE_S)

    async def _replies(self, connection: Connection, commands: list[Command]) -> list[Any]:
        # Packed in C: redis-py's own packing takes a fifth of the time of a command.
        await connection.send_packed_command(b"".join(map(pack_command, commands)))
        replies = [await _reply(connection) for _ in commands]
        for number, reply in enumerate(replies):
            if isinstance(reply, NoScriptError):
                script = SCRIPTS[commands[number][1]]
                await connection.send_command("SCRIPT", "LOAD", script.text)
                await _reply(connection)
                await connection.send_packed_command(pack_command(commands[number]))
                replies[number] = await _reply(connection)
            elif isinstance(reply, MovedError):
                # All keys have one hash slot, so the whole store has moved to another node.
                self._pool.update_connection_kwargs(host=reply.host, port=reply.port)
                await self._drop_idle()
                other = await self._connection()
                try:
                    rest = await self._replies(other, commands[number:])
                finally:
                    await other.disconnect()
                return replies[:number] + rest
        return replies


async def _reply(connection: Connection) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


def _fail(
    taken: Sequence[tuple[Command, asyncio.Future[Any]]],
    error: BaseException,
    cause: BaseException | None = None,
) -> None:
    for _, future in taken:
        if not future.done():
            failure = type(error)(*error.args)  # a new one for each caller
            failure.__cause__ = cause or error.__cause__
            future.set_exception(failure)
