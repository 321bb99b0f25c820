"""The topics of JSON streams: one entity, or one list."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.frontends.json.views import EntityView, ListView
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.live.topics import Topics, WatchedList
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import Listing


class JsonFrontend:
    """Streams state as JSON data, for clients without pages."""

    def entity_topics(self, resource: MountedResource, id: Any) -> Topics:
        topics = Topics()
        topics.add_entity(resource.entity_type, id, EntityView(), _own_policy(resource))
        return topics

    def list_topics(
        self, resource: MountedResource, listing: Listing, *, total: bool = False
    ) -> Topics:
        topics = Topics()
        watched = WatchedList(listing, total=total)
        topics.add_list(watched, ListView(listing), _own_policy(resource))
        return topics


def _own_policy(resource: MountedResource) -> AccessPolicy | None:
    """The policy of a resource below a prefix; None for the application's."""
    return resource.policy if resource.prefix else None
