"""The number and the newest records of each class, for the start page."""

from __future__ import annotations

from collections.abc import Iterable

from starmodel.app.access.decisions import permits, reads_every_record
from starmodel.app.access.policy import Actor
from starmodel.app.application import Application
from starmodel.app.ports.query import Query
from starmodel.app.presentation.overviews import Overview
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import Listing
from starmodel.core.errors import AccessDeniedError, AccessScanLimitError

MAX_CLASSES = 24
MAX_COUNTED = 10_000
NEWEST = 3


async def overviews(
    application: Application, resources: Iterable[MountedResource], actor: Actor | None
) -> dict[MountedResource, Overview]:
    """The overview of each resource with a list that the actor may read, by at most three queries.

    Units: MAX_CLASSES resources have one, and at most MAX_COUNTED records are counted.
    """
    found: dict[MountedResource, Overview] = {}
    for resource in resources:
        entity_type, policy = resource.entity_type, resource.policy
        if len(found) >= MAX_CLASSES:
            break
        if not (entity_type.is_record and "list" in resource.pages):
            continue
        if not await permits(policy, entity_type, actor):
            continue
        query = Query(entity_type.cls, order=(("id", True),))
        listing = Listing(entity_type, query, 1, NEWEST, "", "", {})
        try:
            window = await application.window(listing, actor, policy=policy)
        except (AccessDeniedError, AccessScanLimitError):
            continue
        count, has_more = None, False
        if reads_every_record(policy, entity_type, actor):
            repository = application.persistence.for_class(entity_type.cls)
            beyond = Query(entity_type.cls, order=(("id", True),), offset=MAX_COUNTED, limit=1)
            has_more = window.more and bool(await repository.list(beyond))
            count = (
                MAX_COUNTED
                if has_more
                else await repository.count(query)
                if window.more
                else len(window.entities)
            )
        found[resource] = Overview(window.entities, count, has_more)
    return found
