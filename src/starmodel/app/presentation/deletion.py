"""What a visitor is asked before records are deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Obstacle(NamedTuple):
    """A reason why records can't be deleted.

    Shapes: url is the list of the records that refer to them, "" for none that may be seen.
    """

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Deletion:
    """The question, and what goes along, as texts for the visitor.

    Shapes: notes say what changes with the deletion; obstacles prevent it; the plain form sends
    the fields to url by POST; back is the address of "Cancel".
    """

    question: str
    label: str
    notes: Sequence[str]
    obstacles: Sequence[Obstacle]
    url: str
    fields: Sequence[tuple[str, str]]
    back: str

    def as_json(self, words: Mapping[str, str]) -> dict[str, Any]:
        """The same as data, for the dialog of a page; words are the labels of its buttons."""
        return {
            "words": dict(words),
            "question": self.question,
            "notes": list(self.notes),
            "obstacles": [obstacle._asdict() for obstacle in self.obstacles],
        }
