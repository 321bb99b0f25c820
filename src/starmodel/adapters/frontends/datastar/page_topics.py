"""The topics of a page's stream, with their views, as far as its visitor may read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.frontends.datastar.pages import (
    EntityTopic,
    ListTopic,
    QueryTopic,
    SlotTopic,
    Topic,
)
from starmodel.adapters.frontends.datastar.views import (
    PartView,
    QueryView,
    RenderPart,
    RowsView,
    SignalsView,
    SlotView,
)
from starmodel.app.access.decisions import audience_of, check
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.application import Application
from starmodel.app.live.frames import View
from starmodel.app.live.topics import Topics, WatchedList
from starmodel.app.live.views import view_named
from starmodel.app.presentation.areas import Area
from starmodel.app.queries.listing import MAX_PLACE_CHARS, PLACE, listing_of
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import AccessDeniedError, RequestError
from starmodel.core.translations import current_language


async def page_topics(
    application: Application,
    root_path: str,
    signed: Iterable[Topic],
    session: Session,
    render: RenderPart,
    digests: Mapping[str, str],
) -> Topics:
    """The page's topics that the visitor has permission to read.

    Topics unknown to this build are skipped: a page of another build reloads.

    Shapes: digests has the digest of each list's window on the page, by element id.
    """
    topics = Topics()
    for item in signed:
        entity_type = application.registry.find(item.entity)
        area = application.areas.find(item.area)
        if entity_type is None or area is None:
            continue
        if entity_type.in_browser:  # the page itself has that state
            continue
        try:
            # The policy is not evaluated for each change, unless a rule depends on fields.
            await check(area.policy, entity_type, "read", session.actor)
            if isinstance(item, SlotTopic):
                topics.add_class(entity_type, SlotView(item, root_path))
            elif isinstance(item, QueryTopic):
                await _add_query(
                    topics, application, area, root_path, entity_type, item, session, render
                )
            elif isinstance(item, ListTopic):
                await _add_list(
                    topics, application, area, root_path, entity_type, item, session, digests
                )
            else:
                _add_entity(
                    topics, application, area, root_path, entity_type, item, session, render
                )
        except (AccessDeniedError, RequestError):
            continue
    return topics


def _add_entity(
    topics: Topics,
    application: Application,
    area: Area,
    root_path: str,
    entity_type: EntityType,
    item: EntityTopic,
    session: Session,
    render: RenderPart,
) -> None:
    id, language = item.id, current_language()
    if not entity_type.is_record:
        id = application.scopes.id_of(entity_type, session, session.actor)
    view: View = SignalsView(
        item.namespace,
        entity_type.signals,
        entity_type.cls.__entity__.declared_signals,
        application.own_texts,
        language,
    )
    if item.view:
        part = application.view(item.view) or view_named(item.view)
        if part is None:
            return
        view = PartView(part, root_path, render, area, language)
    topics.add_entity(entity_type, id, view, _own_policy(area))


async def _add_list(
    topics: Topics,
    application: Application,
    area: Area,
    root_path: str,
    entity_type: EntityType,
    item: ListTopic,
    session: Session,
    digests: Mapping[str, str],
) -> None:
    resource = area[entity_type]
    if not entity_type.is_record or resource.ui is None:
        return
    audience = await audience_of(area.policy, entity_type, session.actor)
    parameters = dict(parse_qsl(item.query, keep_blank_values=True))
    place = parameters.pop(PLACE, "")[:MAX_PLACE_CHARS]
    listing = listing_of(entity_type, parameters, hidden=audience.uncertain, place=place)
    view = RowsView(
        listing, audience, root_path, resource, area, application.own_texts, current_language()
    )
    titled = await application.titles.watched(
        entity_type, session.actor, area.policy, listing.columns
    )
    digest = digests.get(rows_id(listing), "")
    watched = WatchedList(listing, digest, total=bool(place), titled=titled)
    topics.add_list(watched, view, _own_policy(area))


async def _add_query(
    topics: Topics,
    application: Application,
    area: Area,
    root_path: str,
    entity_type: EntityType,
    item: QueryTopic,
    session: Session,
    render: RenderPart,
) -> None:
    part = application.view(item.view) or view_named(item.view)
    if part is None or not part.is_list or part.entity is not entity_type.cls:
        return
    audience = await audience_of(area.policy, entity_type, session.actor)
    parameters = dict(parse_qsl(item.query, keep_blank_values=True))
    place = parameters.pop(PLACE, "")[:MAX_PLACE_CHARS]
    listing = listing_of(entity_type, parameters, hidden=audience.uncertain, place=place)
    titled = await application.titles.watched(
        entity_type, session.actor, area.policy, listing.columns
    )
    view = QueryView(
        part, listing, root_path, render, area, application.own_texts, current_language()
    )
    topics.add_list(WatchedList(listing, titled=titled), view, _own_policy(area))


def _own_policy(area: Area) -> AccessPolicy | None:
    """The policy of an area below a prefix; None for the application's."""
    return area.policy if area.prefix else None
