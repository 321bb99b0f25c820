"""What counts as a failure of code that applications install, such as that of plugins."""

from __future__ import annotations

import asyncio


def is_failure(error: BaseException) -> bool:
    """Whether the called code has failed, however the exception is derived.

    False for what ends the caller too: an interrupt from the keyboard, a closed generator, and
    the cancellation of the current task by others.
    """
    if isinstance(error, asyncio.CancelledError):
        return not _is_cancelled()
    return not isinstance(error, KeyboardInterrupt | GeneratorExit)


def _is_cancelled() -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop runs
        return False
    return task is not None and task.cancelling() > 0


def as_exception(error: BaseException) -> Exception:
    """The failure for a caller that handles exceptions only, such as a server.

    SystemExit would end its event loop.
    """
    if isinstance(error, Exception):
        return error
    made = RuntimeError(f"{type(error).__name__}: {error}".rstrip(": "))
    made.__cause__ = error
    return made
