"""Related records by their titles: links in lists, and live links on the pages of records."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Any, Protocol

from starmodel.adapters.ui.compiled import escaped
from starmodel.adapters.ui.values import NOTHING
from starmodel.app.presentation.resource import ANY_ID, ID, MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.related_titles import RelatedTitles
from starmodel.core.classes.related_fields import RelatedField, queried_field
from starmodel.core.entity import Entity
from starmodel.texts.catalogue import Catalogue

MAX_IN_CELL = 6
"""The most titles of one relation to many records in a cell of a list."""


class RenderTitle(Protocol):
    """Renders the value of a foreign key as the title of its record, as HTML."""

    def __call__(self, id: Any, titles: RelatedTitles, /, *, linked: bool = True) -> str: ...


class RenderLinked(Protocol):
    """Renders a relation to many records as their titles, as HTML."""

    def __call__(self, entity: Entity, titles: RelatedTitles, /, *, linked: bool = True) -> str: ...


def linked_titles(services: Services, resource: MountedResource) -> Mapping[str, RenderLinked]:
    """The renderer of each many-to-many relation, with links below the current mount path."""
    return {
        name: partial(_titles, name, record_url(services, target), services.texts)
        for name, target in linked_resources(services, resource).items()
    }


def linked_resources(
    services: Services, resource: MountedResource
) -> Mapping[str, MountedResource]:
    """The resource of the records of each many-to-many relation, in the area of the class."""
    area = services.areas.of(resource)
    return {
        name: area[services.areas.current_resource(made.target).entity_type]
        for name, made in resource.entity_type.shown_links.items()
    }


def related_links(services: Services, resource: MountedResource) -> Mapping[str, RenderTitle]:
    """The renderer of each foreign key of a class, with links below the current mount path."""
    return {
        field: partial(_link, target, record_url(services, target), services.texts)
        for field, target in related_resources(services, resource).items()
    }


def related_resources(
    services: Services, resource: MountedResource
) -> Mapping[str, MountedResource]:
    """The resource of the records that pages show by their titles, in the area of the class."""
    area = services.areas.of(resource)
    found = services.areas.shown_records(resource.entity_type)
    return {
        field: area[target.entity_type]
        for field, target in found.items()
        if target.entity_type.is_record and not target.entity_type.in_browser
    }


def sort_paths(services: Services, resource: MountedResource) -> Mapping[str, RelatedField]:
    """The path that each foreign key's column sorts by: the title of its records."""
    own, targets = resource.entity_type, related_resources(services, resource)
    paths = [queried_field(own, name) for name in own.to_one]
    return {
        path.local: path
        for path in paths
        if path is not None and path.local in targets and sorts_by(services, resource, path)
    }


def sorts_by(services: Services, resource: MountedResource, path: RelatedField) -> bool:
    """Whether the heading of a column offers the order by a field of related records."""
    return services.sorts_by(resource.entity_type, path, resource.policy)


def record_url(services: Services, target: MountedResource) -> str:
    """The URL of a record's page with `ANY_ID` for its key; "" for a class without pages."""
    return services.url_for(target, "record", ID) if "record" in target.pages else ""


def title_html(title: str, key: str, url: str) -> str:
    """A title as a link, or as text where the record has no page."""
    if not url:
        return f'<span dir="auto">{escaped(title)}</span>'
    href = escape(url.replace(ANY_ID, key))
    return f'<a href="{href}" dir="auto" class="sm-related">{escaped(title)}</a>'


def not_available(texts: Catalogue) -> str:
    """The text in the place of a record that is missing, or that its reader may not read."""
    return f'<span class="sm-none">{escaped(texts.text("shown.not_available"))}</span>'


def _titles(
    name: str,
    url: str,
    texts: Catalogue,
    entity: Entity,
    titles: RelatedTitles,
    /,
    *,
    linked: bool = True,
) -> str:
    """The titles, separated by commas. Nothing is shown without titles, as in code."""
    if not titles.has_linked(name):
        return NOTHING
    found = titles.linked(name, entity)
    shown = [
        title_html(each.title, each.key, url if linked else "") for each in found[:MAX_IN_CELL]
    ]
    if len(found) > MAX_IN_CELL or titles.has_more_linked(name, entity):
        shown.append(escaped(texts.text("shown.more")))
    return ", ".join(shown) or NOTHING


def _link(
    target: MountedResource,
    url: str,
    texts: Catalogue,
    id: Any,
    titles: RelatedTitles,
    /,
    *,
    linked: bool = True,
) -> str:
    if id is None or id == "":
        return NOTHING
    cls = target.entity_type.cls
    titled = titles.of(cls, id)
    if titled is None:  # without titles, as for `ui.list_rows` in code, the id is shown
        return not_available(texts) if titles.has(cls, id) else escaped(id)
    return title_html(titled.title, titled.key, url if linked else "")
