"""A program on a pseudo-terminal, whose prompts are answered."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TIMEOUT_S = 60.0


class Terminal:
    """Runs `starmodel` with a terminal as its input and output."""

    def __init__(self, words: Sequence[str], folder: Path, **env: str) -> None:
        program = str(Path(sys.executable).with_name("starmodel"))
        self.output, self._position = "", 0
        self._pid, self._fd = pty.fork()
        if self._pid == 0:  # the child
            os.chdir(folder)
            environment = {**os.environ, "TERM": "dumb", **env}
            os.execve(program, [program, *words], environment)  # noqa: S606 - the command itself

    def expect(self, pattern: str) -> str:
        """Read until the pattern appears after what was expected before; return the new text."""
        until = time.monotonic() + TIMEOUT_S
        while True:
            found = re.search(pattern, self.output[self._position :])
            if found:
                start, self._position = self._position, self._position + found.end()
                return self.output[start : self._position]
            if time.monotonic() > until or not self._read():
                raise AssertionError(f"no {pattern!r} in:\n{self.output[self._position :]}")

    def answer(self, text: str) -> None:
        os.write(self._fd, f"{text}\n".encode())

    def end(self) -> int:
        """Read the rest of the output; return the exit code."""
        until = time.monotonic() + TIMEOUT_S
        while self._read():
            if time.monotonic() > until:
                os.kill(self._pid, signal.SIGKILL)
                break
        os.close(self._fd)
        _, status = os.waitpid(self._pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        """Read what is there, at most a second long; False at the end of the output."""
        ready, _, _ = select.select([self._fd], [], [], 1.0)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 4096)
        except OSError:  # Linux reports the end of a terminal as an error
            return False
        self.output += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
