"""The English texts about deleting records, and of the toasts that say what was done."""

from __future__ import annotations

from collections.abc import Mapping

DELETING: dict[str, str | Mapping[str, str]] = {
    "delete.question": "Delete {kind:lower} {name}?",
    "delete.question_of_many": {
        "one": "Delete {count} {title:lower}?",
        "other": "Delete {count} {things:lower}?",
    },
    "delete.cascade": {
        "one": "{records} is deleted with it.",
        "other": "{records} are deleted with it.",
    },
    "delete.cascade_of_many": {
        "one": "{records} is deleted with them.",
        "other": "{records} are deleted with them.",
    },
    "delete.set_null": {
        "one": "{records} stays, but without its {kind:lower}.",
        "other": "{records} stay, but without their {kind:lower}.",
    },
    "delete.restricted": {
        "one": "This can't be deleted: {records} refers to it.",
        "other": "This can't be deleted: {records} refer to it.",
    },
    "delete.restricted_of_many": {
        "one": "These can't all be deleted: {records} refers to them.",
        "other": "These can't all be deleted: {records} refer to them.",
    },
    "delete.show": "Show the list",
    "delete.final": "This can't be undone.",
    "delete.cancel": "Cancel",
    "delete.close": "Close",
    "count.records": {"one": "{count} {title:lower}", "other": "{count} {things:lower}"},
    "count.more": "more than {count} {things:lower}",
    "count.others": "other records",
    "joined.list": "{first}, {second}",
}

TOASTS: dict[str, str | Mapping[str, str]] = {
    "toast.created": "{kind} {name} created.",
    "toast.saved": "{kind} {name} saved.",
    "toast.deleted": "{kind} {name} deleted.",
    "toast.gone": "{kind} deleted.",
    "toast.done": "{event}: done for {kind:lower} {name}.",
    "toast.deleted_many": {
        "one": "{count} {title:lower} deleted.",
        "other": "{count} {things:lower} deleted.",
    },
    "toast.open": "Open",
    "toast.sign_in": "Sign in",
}
