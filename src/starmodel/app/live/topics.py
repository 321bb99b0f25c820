"""The topics of one stream, with the views that encode them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starmodel.app.access.policy import AccessPolicy
from starmodel.app.live.class_topics import class_topic
from starmodel.app.live.frames import View
from starmodel.app.queries.listing import Listing
from starmodel.app.queries.related_titles import ShownTitles
from starmodel.core.classes.registry import EntityType


@dataclass(frozen=True, slots=True)
class WatchedList:
    """One list of a stream.

    Shapes: digest is that of the window that the client has, "" for none; with
    total, windows count the records of all pages; titled are the related records that it shows.
    """

    listing: Listing
    digest: str = ""
    total: bool = False
    titled: ShownTitles = ()


@dataclass(slots=True)
class Topics:
    """What one stream subscribes to. The caller checks access to the classes.

    Shapes: views, entities and policies are by topic; each list is a topic. policies has
    the topics that another policy than the application's decides about.
    """

    views: dict[str, tuple[View, ...]] = field(default_factory=dict)
    entities: dict[str, tuple[EntityType, Any]] = field(default_factory=dict)
    lists: list[WatchedList] = field(default_factory=list)
    policies: dict[str, AccessPolicy] = field(default_factory=dict)

    def add_entity(
        self, entity_type: EntityType, id: Any, view: View, policy: AccessPolicy | None = None
    ) -> None:
        """Subscribe to an entity; several views of one entity share its topic.

        Without effect if another policy decides about the earlier views of the topic.
        Shapes: policy is None for the application's.
        """
        topic = f"{entity_type.name}:{id}"
        if topic not in self.views:
            self._add(topic, view, policy)
            self.entities[topic] = (entity_type, id)
        elif self.policies.get(topic) is policy:
            self.views[topic] = (*self.views[topic], view)

    def add_class(self, entity_type: EntityType, view: View) -> None:
        """Subscribe to changes of any entity of a class, without their state."""
        topic = class_topic(entity_type.name)
        self.views[topic] = (*self.views.get(topic, ()), view)

    def add_list(
        self, watched: WatchedList, view: View, policy: AccessPolicy | None = None
    ) -> None:
        """Subscribe to a list; several views of one query share its topic.

        Without effect if another policy decides about the earlier views of the topic.
        Shapes: policy is None for the application's.
        """
        topic = watched.listing.topic
        if topic not in self.views:
            self._add(topic, view, policy)
            self.lists.append(watched)
        elif self.policies.get(topic) is policy and view not in self.views[topic]:
            self.views[topic] = (*self.views[topic], view)

    def _add(self, topic: str, view: View, policy: AccessPolicy | None) -> None:
        self.views[topic] = (view,)
        if policy is not None:
            self.policies[topic] = policy
