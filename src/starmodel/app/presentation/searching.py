"""What a search over all classes has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starmodel.app.presentation.choices import Choice


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """The matches of one class.

    Shapes: icon is a name of the sprite; all_url is the list with the search, and all_text the
    text of the link to it, "All 37 orders that match".
    """

    title: str
    icon: str
    choices: Sequence[Choice]
    all_text: str
    all_url: str
