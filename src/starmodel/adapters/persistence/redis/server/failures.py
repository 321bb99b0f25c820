"""Maps failures of Redis to the exceptions of stores."""

from __future__ import annotations

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from starmodel.core.errors import (
    StarModelError,
    StoreBusyError,
    StoreFailedError,
    StoreFullError,
    StoreUnavailableError,
)

CONNECTION_ERRORS = (RedisConnectionError, RedisTimeoutError, OSError)
_PASSING = ("LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "UNBLOCKED")
_CLASSES = {
    "ReadOnlyError": "READONLY", "BusyLoadingError": "LOADING", "OutOfMemoryError": "OOM",
    "MasterDownError": "MASTERDOWN", "ClusterDownError": "CLUSTERDOWN", "TryAgainError": "TRYAGAIN",
    "AuthenticationError": "NOAUTH", "NoPermissionError": "NOPERM",
    "AuthenticationWrongNumberOfArgsError": "NOAUTH", "InvalidResponse": "PROTOCOL",
}  # fmt: skip


def code_of(error: BaseException) -> str:
    """The code of an error reply, such as "OOM"; "" for another error.

    The client removes the code from the messages of some errors, and has a class for them.
    """
    if type(error).__name__ in _CLASSES:
        return _CLASSES[type(error).__name__]
    word = str(error).partition(" ")[0]
    return word if word.isupper() else ""


def unavailable(place: str, error: BaseException, *, doubtful: bool = False) -> StarModelError:
    """The exception for a connection that failed. Shapes: place is "host:port"."""
    if doubtful:
        return StoreUnavailableError(
            f"The connection to Redis at {place} was lost before it replied ({error}), so it is "
            "unknown whether the change was stored. Read the record before dispatching again.",
            doubtful=True,
        )
    if code_of(error) in ("NOAUTH", "NOPERM"):
        return refused(place, error)
    return StoreUnavailableError(
        f"Redis at {place} can't be reached ({error}), so nothing was read or stored. The "
        "connection is tried again at the next request; check that the server runs and that "
        "redis_url is right."
    )


def refused(place: str, error: BaseException) -> StarModelError:
    """The exception for an error reply, with which nothing of a batch is stored."""
    code = code_of(error)
    if code == "OOM":
        return StoreFullError(
            f"Redis at {place} has used up its maxmemory, and nothing was stored. Raise "
            "maxmemory, delete records, or give classes a ttl."
        )
    if code == "BUSY":
        return StoreBusyError(
            f"Redis at {place} runs a script of another program for so long that it answers "
            "nobody. Nothing was stored; dispatch again."
        )
    if code == "READONLY":
        return StoreUnavailableError(
            f"Redis at {place} is a read-only replica now, and nothing was stored. Let redis_url "
            "name the primary."
        )
    if code in _PASSING:
        return StoreUnavailableError(
            f"Redis at {place} is not ready ({error}), and nothing was stored. Dispatch again."
        )
    if code in ("NOAUTH", "WRONGPASS"):
        return StoreFailedError(
            f"Redis at {place} refused the user or password of redis_url ({error}). Write it as "
            "redis://user:password@host:6379/0."
        )
    if code == "NOPERM":
        return StoreFailedError(
            f"Redis at {place} does not permit its user a command that the store needs ({error}). "
            "Grant it +@all -@dangerous +info on the keys below redis_prefix."
        )
    if code == "MISCONF":
        return StoreFailedError(
            f"Redis at {place} can't write its file and refuses changes ({error}). Nothing was "
            "stored. Free disk space, or check the folder of its dump."
        )
    if code == "WRONGTYPE":
        return StoreFailedError(
            f"A key below redis_prefix at {place} has a value of another type ({error}), so it was "
            "written by another program. Set another redis_prefix, or delete the key."
        )
    return StoreFailedError(f"Redis at {place} refused a command: {error}. Nothing was stored.")
