"""The English texts of inputs that choose a record."""

from __future__ import annotations

from collections.abc import Mapping

CHOOSING: Mapping[str, str | Mapping[str, str]] = {
    "choice.choose": "Choose one from the list.",
    "choice.search": "Type to search",
    "choice.searching": "Searching\u2026",
    "choice.none": "No results",
    "choice.first": "Choose first: {others:lower}.",
    "choice.cleared": "{title} is removed, because it doesn't go with the other choices.",
    "choice.none_for": "No results for \u201c{words}\u201d.",
    "choice.more": "There are more. Type more of the name.",
    "choice.too_many": "There are too many to search. Type more of the name.",
    "choice.away": "The server can't be reached. Your input is kept; try again in a moment.",
    "choice.refused": "These {things:lower} can't be searched.",
    "choice.recent": "Recent",
    "choice.all": "All",
    "choice.found": {"one": "{count} result", "other": "{count} results"},
    "choice.clear": "Clear {title}",
    "choice.show": "Show {things:lower}",
    "choice.open": "Open in a new tab",
    "choice.new": "New {title:lower}",
    "choice.close": "Close",
    "choice.failed": "This form can't be loaded. Try again in a moment.",
    "choice.hidden": "Not visible to you",
    "choice.unread": "You don't have permission to choose from {things:lower}.",
    "choice.step": "Type part of the name and send the form. You then choose from the matches.",
    "choice.chosen": "Chosen {things:lower}",
    "choice.remove": "Remove {title}",
    "choice.added": "{title} added",
    "choice.removed": "{title} removed",
    "choice.matches": "{things} that match \u201c{words}\u201d",
}
