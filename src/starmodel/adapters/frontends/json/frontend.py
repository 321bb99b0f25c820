"""The topics of JSON streams: one entity, or one list."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.frontends.json.views import EntityView, ListView
from starmodel.app.live.topics import Topics, WatchedList
from starmodel.app.queries.listing import Listing
from starmodel.core.classes.registry import EntityType


class JsonFrontend:
    """Streams state as JSON data, for clients without pages."""

    def entity_topics(self, entity_type: EntityType, id: Any) -> Topics:
        topics = Topics()
        topics.add_entity(entity_type, id, EntityView())
        return topics

    def list_topics(self, listing: Listing, *, total: bool = False) -> Topics:
        topics = Topics()
        topics.add_list(WatchedList(listing, total=total), ListView(listing))
        return topics
