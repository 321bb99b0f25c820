"""Reports what migrations do."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, float], None]
"""Receives a sentence, and the share of the migration that is done: from 0 to 1."""


def silent(sentence: str, fraction: float) -> None:
    """Report nothing."""


class Progress:
    """Counts the actions of one migration, and the rows of one action."""

    def __init__(self, report: Report, notice: Callable[[str], None] | None = None) -> None:
        self._report, self._notice = report, notice
        self._id, self._about, self._total, self._number, self._rows = "", "", 1, 0, 0

    def say(self, sentence: str) -> None:
        """Report what is no action."""
        if self._notice is not None:
            self._notice(f"{sentence}.")
        else:
            self._report(f"{sentence}.", 0.0)

    def begin(self, id: str, total: int) -> None:
        """Begin a migration of so many actions."""
        self._id, self._total, self._number, self._about = id, max(total, 1), 0, ""

    def action(self, about: str) -> None:
        """Begin an action; several with the same description are reported once."""
        if about != self._about:
            self._about = about
            self._report(f"{self._id}: {about}.", self._number / self._total)
        self._number, self._rows = self._number + 1, 0

    def rows(self, count: int) -> None:
        """Report more rows of the present action."""
        self._rows += count
        sentence = f"{self._id}: {self._about}: {self._rows} rows."
        self._report(sentence, (self._number - 1) / self._total)
