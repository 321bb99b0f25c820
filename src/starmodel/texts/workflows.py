"""The English texts about what a record's state makes possible."""

from __future__ import annotations

WORKFLOWS = {
    "event.not_now": "“{event}” is not possible now.",
    "event.undecided": "Whether this is possible could not be found out.",
    "event.shortcut": "{event} ({key})",
    "status.done": "Done:",
    "value.transition": "“{before}” can't become “{after}”.",
}
