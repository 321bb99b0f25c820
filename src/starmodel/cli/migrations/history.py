"""The list of `starmodel db history`: files in their order, and when the database got each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starmodel.migrations.files.order import Migrations
from starmodel.migrations.running.ledger.ledger import Entry

LOST = "(no file in the folder)"
WAITING = "waits for --contract"


@dataclass(frozen=True)
class Row:
    """One migration.

    Shapes: state is "applied", "adopted" (its tables existed already), "interrupted", "undoing",
    "pending", or WAITING for a contract migration; after are the ids that it follows.
    """

    id: str
    about: str
    state: str
    applied_at: datetime | None
    after: tuple[str, ...] = ()
    has_file: bool = True

    @property
    def since(self) -> str:
        return "" if self.applied_at is None else f"{self.applied_at:%Y-%m-%d %H:%M} UTC"

    def document(self) -> dict[str, Any]:
        at = None if self.applied_at is None else self.applied_at.isoformat()
        return {
            "id": self.id,
            "about": self.about,
            "state": self.state,
            "applied_at": at,
            "after": list(self.after),
            "has_file": self.has_file,
        }


def history_rows(migrations: Migrations, entries: Iterable[Entry]) -> list[Row]:
    """Return the files in the order in which they run, then those that only the database has."""
    recorded = {entry.id: entry for entry in entries}
    rows = []
    for file in migrations:
        entry = recorded.pop(file.id, None)
        state = WAITING if entry is None and file.contract else _state(entry)
        rows.append(Row(file.id, file.about, state, _time(entry), file.after))
    for entry in recorded.values():
        rows.append(Row(entry.id, LOST, _state(entry), _time(entry), has_file=False))
    return rows


def _state(entry: Entry | None) -> str:
    if entry is None:
        return "pending"
    return "interrupted" if entry.state == "applying" else entry.state


def _time(entry: Entry | None) -> datetime | None:
    if entry is None or entry.state == "applying":
        return None
    return datetime.fromtimestamp(entry.at, UTC)
