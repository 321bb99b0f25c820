"""The topics and encoders of a stream, from a page's token and its visitor's read permissions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starmodel.adapters.frontends.datastar.pages import Shown, ShownList
from starmodel.adapters.frontends.datastar.views import PartView, RowsView, SignalsView
from starmodel.adapters.frontends.datastar.wire import declared_signals
from starmodel.app.access.decisions import audience_of, check
from starmodel.app.application import Application
from starmodel.app.live.hub import View
from starmodel.app.live.views import view_named
from starmodel.app.queries.listing import Listing, listing_of
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import AccessDeniedError, RequestError

RenderPart = Callable[[Any, str], str]


@dataclass(slots=True)
class Watching:
    """The topics of one stream. Shapes: views and entities are by topic; each list is a topic."""

    views: dict[str, tuple[View, ...]] = field(default_factory=dict)
    entities: dict[str, tuple[EntityType, Any]] = field(default_factory=dict)
    lists: list[Listing] = field(default_factory=list)

    def add(self, topic: str, view: View) -> None:
        self.views[topic] = (*self.views.get(topic, ()), view)


async def watching(
    application: Application,
    root_path: str,
    shown: Iterable[Shown | ShownList],
    session: Session,
    render: RenderPart,
) -> Watching:
    """The page's topics that the visitor has permission to read.

    Topics unknown to this build are skipped: a page of another build reloads.
    """
    made = Watching()
    for item in shown:
        entity_type = application.registry.find(item.entity)
        if entity_type is None or entity_type.in_browser:  # the page itself has that state
            continue
        try:
            # The policy is not evaluated for each change, unless a rule depends on fields.
            await check(application.policy, entity_type, "read", session.actor)
            if isinstance(item, ShownList):
                await _add_list(made, application, root_path, entity_type, item, session)
            else:
                _add_entity(made, application, root_path, entity_type, item, session, render)
        except (AccessDeniedError, RequestError):
            continue
    return made


def _add_entity(
    made: Watching,
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
    topic = f"{entity_type.name}:{id}"
    made.add(topic, view)
    made.entities[topic] = (entity_type, id)


async def _add_list(
    made: Watching,
    application: Application,
    root_path: str,
    entity_type: EntityType,
    item: ShownList,
    session: Session,
) -> None:
    if not entity_type.is_record or application.ui is None:
        return
    listing = listing_of(entity_type, dict(parse_qsl(item.words, keep_blank_values=True)))
    if listing in made.lists:
        return
    audience = await audience_of(application.policy, entity_type, session.actor)
    made.add(listing.topic, RowsView(listing, audience, root_path, application.ui))
    made.lists.append(listing)
