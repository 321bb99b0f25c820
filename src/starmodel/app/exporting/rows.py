"""The rows of an export: all readable matches of a list, in batches."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.application import Application
from starmodel.app.exporting.columns import ExportRow, export_row
from starmodel.app.queries.listing import Listing, Window
from starmodel.core.snapshot import NOTHING, as_seen

Rows = AsyncGenerator[Sequence[ExportRow], None]


async def export_rows(
    application: Application, listing: Listing, actor: Actor | None, policy: AccessPolicy
) -> Rows:
    """The rows, each batch with the titles of the records that it refers to."""
    every = application.every(listing, actor, policy=policy)
    async with aclosing(every) as batches:
        async for batch in batches:
            seen = batch
            if actor is TRUSTED:  # a snapshot without a viewer hides what has a rule of its own
                seen = [as_seen(each, NOTHING) for each in batch]
            window = Window(tuple(seen), more=False)
            window = await application.titles.add(
                window, listing.entity_type, actor, policy, listing.columns
            )
            yield [export_row(each, window.titles) for each in seen]
