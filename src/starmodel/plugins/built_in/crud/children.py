"""The lists of children on record pages."""

from __future__ import annotations

from collections.abc import Mapping

from starmodel.app.access.decisions import permits
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import Actor
from starmodel.app.application import Application
from starmodel.app.presentation.children import ChildList, in_order
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import FIGURES, Listing, Window, filter_name, listing_of
from starmodel.app.queries.shown_fields import shown_fields
from starmodel.core.classes.children import Children
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, AccessScanLimitError

CHILDREN_PER_PAGE = 10
MAX_CHILD_LISTS = 8


async def child_lists(
    application: Application,
    resource: MountedResource,
    entity: Entity,
    actor: Actor | None,
    query: Mapping[str, str],
) -> list[ChildList]:
    """The lists of a record's children that the actor may read: two queries each.

    One more for each class of related records whose titles the list shows.

    Shapes: query is that of the page's URL: "lines.page", "lines.order", "lines.search" and
    filters such as "lines.status" choose the window of the children `lines`.
    Raises: ListQueryError.
    """
    area, found = application.areas.of(resource), list[ChildList]()
    info = resource.entity_type.cls.__entity__
    if info.related_computed and not info.fields["id"].private:
        own = {"id": str(plain(entity.id))}
        listing = listing_of(resource.entity_type, own, place=FIGURES)
        window = await application.window(listing, actor, total=True, policy=resource.policy)
        about = (resource.entity_type, actor, resource.policy)
        window = await application.titles.add(window, *about)
        found.append(ChildList(None, resource, listing, window))
    for children in application.registry.children.get(resource.entity_type.cls, ()):
        theirs = area[application.registry[children.of]]
        if not children.is_listed or "list" not in theirs.pages or len(found) == MAX_CHILD_LISTS:
            continue
        if children.through and children.through not in shown_fields(theirs.entity_type):
            continue
        if not await permits(theirs.policy, theirs.entity_type, actor):
            continue
        try:
            read = await _listed(application, children, theirs, entity, actor, query)
        except (AccessDeniedError, AccessScanLimitError):
            continue
        if read is None:
            continue
        listing, window = read
        about = (theirs.entity_type, actor, theirs.policy)
        window = await application.titles.add(window, *about)
        found.append(ChildList(children, theirs, listing, window))
    return found


async def _listed(
    application: Application,
    children: Children,
    theirs: MountedResource,
    entity: Entity,
    actor: Actor | None,
    query: Mapping[str, str],
) -> tuple[Listing, Window] | None:
    """The children that a record page lists; None if their foreign key is closed somewhere.

    Raises: ListQueryError, for a search, filter, order or page of the URL.
    """
    hidden = readable_fields(theirs.policy, theirs.entity_type, actor).uncertain
    if not hidden.isdisjoint((children.through, children.key)):
        return None
    if children.key in children.of.__entity__.private:
        return None
    parameters = {
        **_given(children, query),
        filter_name(children.key): str(plain(entity.id)),
        "per_page": str(CHILDREN_PER_PAGE),
    }

    async def read(order: str) -> tuple[Listing, Window]:
        given = {**parameters, "order": order}
        listing = listing_of(
            theirs.entity_type, given, hidden=hidden, lenient=True, place=children.place
        )
        return listing, await application.window(listing, actor, total=True, policy=theirs.policy)

    asked = query.get(f"{children.name}.order")
    return await (in_order(children, read) if asked is None else read(asked))


def _given(children: Children, query: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the URL for these children, none of which names another parent."""
    prefix, keys = f"{children.name}.", (children.key, f"{children.key}__")
    found = {
        name.removeprefix(prefix): word for name, word in query.items() if name.startswith(prefix)
    }
    return {
        name: word
        for name, word in found.items()
        if name not in ("cursor", "per_page", "columns")
        and name != keys[0]
        and not name.startswith(keys[1])
    }
