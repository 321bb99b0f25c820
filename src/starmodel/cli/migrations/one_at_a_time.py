"""One `starmodel migrate` at a time in a folder, so that each finds the file of the one before."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import typer

STATE_FOLDER = Path(".starmodel")


@contextlib.contextmanager
def one_at_a_time(folder: Path = STATE_FOLDER) -> Iterator[None]:
    """Hold a lock until the exit; wait for a process that holds it.

    Without write permission there is no lock: files are created exclusively in any case.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "migrate.lock", thread_local=False, fallback_to_soft=False)
    try:
        folder.mkdir(exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            typer.echo("  Another starmodel migrate runs in this folder; waiting.", err=True)
            lock.acquire()
    except (OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        lock.release()
