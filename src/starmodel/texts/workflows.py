"""The English texts about what a record's state makes possible."""

from __future__ import annotations

from collections.abc import Mapping

WORKFLOWS: dict[str, str | Mapping[str, str]] = {
    "event.not_now": "“{event}” is not possible now.",
    "event.undecided": "It isn't clear right now whether this is possible. Try again in a moment.",
    "event.shortcut": "{event} ({key})",
    "bulk.page": {
        "one": "{event}: {count} {title:lower}",
        "other": "{event}: {count} {things:lower}",
    },
    "download.gone": "This file is no longer here. Please start the download again.",
    "event.cancel": "Cancel",
    "event.ended": "This has already ended.",
    "event.cancelled": "Cancelled. What was done before stays.",
    "event.page": "{event}: {name}",
    "status.change": "{title}: change to “{state}”",
    "status.done": "Done:",
    "value.transition": "“{before}” can't become “{after}”.",
}
