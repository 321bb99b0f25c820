"""The number of records that a list has on all its pages."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Protocol

from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.queries.listing import Listing, Window

MAX_COUNTED = 10_000


class Count(NamedTuple):
    """A number of records. Shapes: with more, there are more than total."""

    total: int
    more: bool


class ReadWindow(Protocol):
    """`Application.window`."""

    async def __call__(
        self,
        listing: Listing,
        actor: Actor | None,
        *,
        total: bool = False,
        policy: AccessPolicy | None = None,
    ) -> Window: ...


async def count_of(
    listing: Listing,
    actor: Actor | None,
    policy: AccessPolicy,
    read: ReadWindow,
    *,
    at_most: int = MAX_COUNTED,
) -> Count:
    """The number of readable matches of a listing, counted up to a bound.

    One record behind the bound is asked for first, so that the count of a large table ends there.
    Raises: as `read`.
    """
    query = replace(listing.query, order=(), after=None, offset=at_most, limit=1)
    behind = replace(listing, query=query, page=1, per_page=1, cursor=None)
    if (await read(behind, actor, policy=policy)).entities:
        return Count(at_most, more=True)
    whole = replace(behind, query=replace(query, offset=0))
    window = await read(whole, actor, total=True, policy=policy)
    return Count(window.total or 0, more=False)
