"""The topics of one stream, with the views that encode them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starmodel.app.live.frames import View
from starmodel.app.queries.listing import Listing
from starmodel.core.classes.registry import EntityType


@dataclass(frozen=True, slots=True)
class WatchedList:
    """One list of a stream.

    Shapes: digest is that of the window that the client has, "" for none; with
    total, windows count the records of all pages.
    """

    listing: Listing
    digest: str = ""
    total: bool = False


@dataclass(slots=True)
class Topics:
    """What one stream subscribes to. The caller checks access to the classes.

    Shapes: views and entities are by topic; each list is a topic.
    """

    views: dict[str, tuple[View, ...]] = field(default_factory=dict)
    entities: dict[str, tuple[EntityType, Any]] = field(default_factory=dict)
    lists: list[WatchedList] = field(default_factory=list)

    def add_entity(self, entity_type: EntityType, id: Any, view: View) -> None:
        """Subscribe to an entity; several views of one entity share its topic."""
        topic = f"{entity_type.name}:{id}"
        self.views[topic] = (*self.views.get(topic, ()), view)
        self.entities[topic] = (entity_type, id)

    def add_list(self, watched: WatchedList, view: View) -> None:
        """Subscribe to a list, once."""
        topic = watched.listing.topic
        if topic not in self.views:
            self.views[topic] = (view,)
            self.lists.append(watched)
