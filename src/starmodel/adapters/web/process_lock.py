"""Notices when several processes serve an application that only one can serve right."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starmodel.app.one_process import REMEDY

log = logging.getLogger("starmodel")
AGAIN_S = 3.0
# Locks of this process: it may hold several applications of one name, in tests above all.
_held: dict[Path, Any] = {}


class ProcessLock:
    """A file that the first process at an address locks; each further one is one too many.

    Noticed only among processes of one machine and folder, and not where
    files can't be locked. A process that just ends is given time to.

    Shapes: address is what the server was asked to listen on; reasons says
    why one process must be the only one.
    Units:  again_s is seconds before a taken lock counts.
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
        self._taken: list[Path] = []
        self._timer: asyncio.TimerHandle | None = None

    def acquire(self) -> None:
        """Lock, or look once more later and log an error then; in the serving loop."""
        if self._path in _held or not self._reasons() or self._lock(self._path):
            return
        self._timer = asyncio.get_running_loop().call_later(self._again_s, self._complain)

    def release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        while self._taken:
            _held.pop(self._taken.pop()).close()

    def _complain(self) -> None:
        if self._lock(self._path):
            return
        if self._lock(self._path.with_suffix(".told")):  # of many processes one tells it
            server = logging.getLogger("uvicorn.error")  # where people read at the start
            (server if server.hasHandlers() else log).error(
                "Several processes serve this application at %s. %s %s",
                self._address,
                " ".join(self._reasons()),
                REMEDY,
            )

    def _lock(self, path: Path) -> bool:
        """True when this process has the lock, or files can't be locked here."""
        try:
            import fcntl
        except ImportError:  # Windows, where servers don't fork workers
            return True
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            file = path.open("a")
        except OSError:
            log.debug("%s can't be written, so other processes are not noticed", path)
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        except OSError:  # a file system without locks
            file.close()
            return True
        _held[path] = file
        self._taken.append(path)
        return True
