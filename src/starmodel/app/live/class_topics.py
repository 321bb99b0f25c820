"""Topics of classes: any change of any entity of a class, without its state."""

from __future__ import annotations

from typing import NamedTuple

SUFFIX = "*"


class ClassChanged(NamedTuple):
    """An entity of the class has changed. Shapes: version counts changes in this process."""

    topic: str
    version: int
    base: int = -1
    state: bool = True


def class_topic(entity: str) -> str:
    """The topic of a class. Shapes: entity is the name of the class."""
    return f"{entity}{SUFFIX}"
