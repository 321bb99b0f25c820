"""Detects several processes that serve an application with process-local state."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from starmodel.app.application import Application
from starmodel.app.ports.repository import ProcessLocal

if TYPE_CHECKING:
    from filelock import BaseFileLock

REMEDY = "Until then, run one worker."
log = logging.getLogger("starmodel")
AGAIN_S = 3.0


def process_local_reasons(application: Application) -> list[str]:
    """The reasons for single-process serving; empty if several processes may serve.

    Names the entities and the event bus whose data is process-local.
    """
    reasons = []
    for_class = application.persistence.for_class
    names = [t.name for t in application.registry if _is_process_local(for_class(t.cls))]
    if names:
        verb = "is" if len(names) == 1 else "are"
        reasons.append(
            f"{_listed(names)} {verb} kept in the memory of one process, so every worker would "
            "have its own. Give it another store: model_config = {'store': 'sql'}."
        )
    if _is_process_local(application.bus):
        reasons.append(
            "Changes are announced by event_bus 'memory' inside one process, so pages of the other "
            "workers would not follow. Set event_bus to 'package.module:Class', a bus that "
            "connects processes."
        )
    return reasons


def _is_process_local(part: object) -> bool:
    return isinstance(part, ProcessLocal) and part.process_local


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


class ProcessLock:
    """A file lock of the first process at an address; a further process is logged as an error.

    The operating system releases the lock when its process ends, however it ends. Detects
    processes of one machine and working directory only, and none where files can't be
    locked, which is logged. A delay lets a process that is ending release its lock.
    Several applications of one process share the lock.

    Shapes: address is the server's listening address; reasons returns the
    reasons for single-process serving.
    Units:  again_s is seconds before the lock is tried again.
    """

    def __init__(
        self,
        name: str,
        address: str,
        reasons: Callable[[], Sequence[str]],
        *,
        folder: Path = Path(".starmodel"),
        again_s: float = AGAIN_S,
    ) -> None:
        slug = re.sub(r"[^a-z0-9]+", "-", f"{name} {address}".lower()).strip("-")[:60]
        digest = hashlib.sha256(f"{name}\0{address}".encode()).hexdigest()[:8]
        self._path = folder.absolute() / f"serving-{slug}-{digest}.lock"
        self._address, self._reasons, self._again_s = address, reasons, again_s
        self._acquired: list[BaseFileLock] = []
        self._timer: asyncio.TimerHandle | None = None

    def acquire(self) -> None:
        """Acquire the lock, or retry once on the event loop and log an error if that fails."""
        if self._reasons() and not self._lock(self._path):
            self._timer = asyncio.get_running_loop().call_later(self._again_s, self._complain)

    def release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        while self._acquired:
            self._acquired.pop().release()

    def _complain(self) -> None:
        if self._lock(self._path):
            return
        if self._lock(self._path.with_suffix(".reported")):  # one process logs for all
            server = logging.getLogger("uvicorn.error")  # the startup log
            (server if server.hasHandlers() else log).error(
                "Several processes serve this application at %s. %s %s",
                self._address,
                " ".join(self._reasons()),
                REMEDY,
            )

    def _lock(self, path: Path) -> bool:
        """True when the lock is acquired, or when files can't be locked here."""
        from filelock import FileLock, Timeout

        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            # A soft lock would outlive a killed process.
            lock = FileLock(path, is_singleton=True, thread_local=False, fallback_to_soft=False)
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            log.warning(
                "%s cannot be locked (%s), so a second process that serves this application "
                "is not detected. Make the folder writable.",
                path,
                error.strerror or error,
            )
            return True
        self._acquired.append(lock)
        return True
