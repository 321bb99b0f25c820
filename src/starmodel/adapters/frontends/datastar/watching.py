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
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.application import Application
from starmodel.app.live.hub import View
from starmodel.app.live.views import view_named
from starmodel.app.presentation.areas import Area
from starmodel.app.queries.listing import Listing, listing_of
from starmodel.app.sessions.session import Session
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import AccessDeniedError, RequestError

RenderPart = Callable[[Any, str, Area | None], str]


@dataclass(slots=True)
class Watching:
    """The topics of one stream.

    Shapes: views, entities and areas are by topic; each list is a topic. A topic has one
    area, whose policy decides about it.
    """

    views: dict[str, tuple[View, ...]] = field(default_factory=dict)
    entities: dict[str, tuple[EntityType, Any]] = field(default_factory=dict)
    lists: list[Listing] = field(default_factory=list)
    areas: dict[str, Area] = field(default_factory=dict)

    def add(self, topic: str, view: View, area: Area) -> bool:
        """Add a view of the topic; False in another area than its first view."""
        if self.areas.setdefault(topic, area) is not area:
            return False
        self.views[topic] = (*self.views.get(topic, ()), view)
        return True

    @property
    def policies(self) -> dict[str, AccessPolicy]:
        """The policies of topics outside the default area."""
        return {topic: area.policy for topic, area in self.areas.items() if area.prefix}


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
        area = application.areas.find(item.area)
        if entity_type is None or area is None:
            continue
        if entity_type.in_browser:  # the page itself has that state
            continue
        try:
            # The policy is not evaluated for each change, unless a rule depends on fields.
            await check(area.policy, entity_type, "read", session.actor)
            if isinstance(item, ShownList):
                await _add_list(made, area, root_path, entity_type, item, session)
            else:
                _add_entity(made, application, area, root_path, entity_type, item, session, render)
        except (AccessDeniedError, RequestError):
            continue
    return made


def _add_entity(
    made: Watching,
    application: Application,
    area: Area,
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
        view = PartView(part, root_path, render, area)
    topic = f"{entity_type.name}:{id}"
    if made.add(topic, view, area):
        made.entities[topic] = (entity_type, id)


async def _add_list(
    made: Watching,
    area: Area,
    root_path: str,
    entity_type: EntityType,
    item: ShownList,
    session: Session,
) -> None:
    resource = area[entity_type]
    if not entity_type.is_record or resource.ui is None:
        return
    listing = listing_of(entity_type, dict(parse_qsl(item.words, keep_blank_values=True)))
    if listing in made.lists:
        return
    audience = await audience_of(area.policy, entity_type, session.actor)
    if made.add(listing.topic, RowsView(listing, audience, root_path, resource, area), area):
        made.lists.append(listing)
