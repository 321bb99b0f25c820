"""The topics of a page's stream, with their views, as far as its visitor may read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.adapters.frontends.datastar.pages import Shown, ShownList
from starmodel.adapters.frontends.datastar.patches import declared_signals
from starmodel.adapters.frontends.datastar.views import (
    PartView,
    RenderPart,
    RowsView,
    SignalsView,
)
from starmodel.app.access.decisions import audience_of, check
from starmodel.app.application import Application
from starmodel.app.live.frames import View
from starmodel.app.live.topics import Topics, WatchedList
from starmodel.app.live.views import view_named
from starmodel.app.queries.listing import listing_of
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import AccessDeniedError, RequestError


async def page_topics(
    application: Application,
    root_path: str,
    shown: Iterable[Shown | ShownList],
    session: Session,
    render: RenderPart,
    digests: Mapping[str, str],
) -> Topics:
    """The page's topics that the visitor has permission to read.

    Topics unknown to this build are skipped: a page of another build reloads.

    Shapes: digests has the digest of each list's window on the page, by element id.
    """
    topics = Topics()
    for item in shown:
        entity_type = application.registry.find(item.entity)
        if entity_type is None or entity_type.in_browser:  # the page itself has that state
            continue
        try:
            # The policy is not evaluated for each change, unless a rule depends on fields.
            await check(application.policy, entity_type, "read", session.actor)
            if isinstance(item, ShownList):
                await _add_list(topics, application, root_path, entity_type, item, session, digests)
            else:
                _add_entity(topics, application, root_path, entity_type, item, session, render)
        except (AccessDeniedError, RequestError):
            continue
    return topics


def _add_entity(
    topics: Topics,
    application: Application,
    root_path: str,
    entity_type: EntityType,
    item: Shown,
    session: Session,
    render: RenderPart,
) -> None:
    id = item.id
    if not entity_type.is_record:
        id = application.scopes.id_of(entity_type, session, session.actor)
    view: View = SignalsView(
        item.namespace, entity_type.signals, declared_signals(entity_type), application.texts
    )
    if item.view:
        part = application.views.get(item.view) or view_named(item.view)
        if part is None:
            return
        view = PartView(part, root_path, render)
    topics.add_entity(entity_type, id, view)


async def _add_list(
    topics: Topics,
    application: Application,
    root_path: str,
    entity_type: EntityType,
    item: ShownList,
    session: Session,
    digests: Mapping[str, str],
) -> None:
    if not entity_type.is_record or application.ui is None:
        return
    listing = listing_of(entity_type, dict(parse_qsl(item.words, keep_blank_values=True)))
    audience = await audience_of(application.policy, entity_type, session.actor)
    view = RowsView(listing, audience, root_path, application.ui)
    topics.add_list(WatchedList(listing, digests.get(rows_id(listing), "")), view)
