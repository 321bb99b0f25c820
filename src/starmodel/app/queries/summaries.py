"""Counts and totals of the readable records of a list, by the values of a field."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import NamedTuple

from starmodel.app.access.conditions.condition import ALWAYS, junction, narrowed
from starmodel.app.access.decisions import check, reads_every_record
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Repository, supports_of
from starmodel.app.ports.summaries import Group, Summarizes, SummaryQuery, summary_of
from starmodel.app.queries.listing import Listing
from starmodel.app.queries.permitted_queries import (
    PermittedQueries,
    read_condition,
    without_hidden,
)
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError

MAX_READ = 10_000
"""The most records of a store without aggregates that are read for one summary."""
BATCH = 500


class Summary(NamedTuple):
    """Groups of records, the largest first. Shapes: with more, further records match."""

    groups: Sequence[Group]
    more: bool = False


class Summaries:
    """Summarizes lists under the access rules of their reader.

    A rule that a store can't decide has no summary: the records would have to be read one by one.
    """

    def __init__(self, persistence: PersistenceManager, permitted: PermittedQueries) -> None:
        self._persistence, self._permitted = persistence, permitted

    async def of(
        self, listing: Listing, actor: Actor | None, policy: AccessPolicy, asked: SummaryQuery
    ) -> Summary | None:
        """The summary of all readable matches of a listing, whatever its page.

        None where a rule is not decided by the store, and where too many records match for a
        store without aggregates.

        Raises: NotSignedInError, AccessDeniedError; ListQueryError, for a field that the actor may
        not read on every record.
        """
        entity_type = listing.entity_type
        await check(policy, entity_type, "read", actor)
        query = replace(listing.query, offset=0, limit=None, after=None, order=())
        query = await self._permitted.of(query, entity_type, actor, policy)
        if actor is not TRUSTED:
            fields = readable_fields(policy, entity_type, actor)
            query = without_hidden(query, entity_type, fields)
            named = {measure.field for measure in asked.measures}
            named |= set() if asked.by is None else {asked.by.field}
            if not fields.uncertain.isdisjoint(named):
                raise ListQueryError(f"{entity_type.name} can't be summarized by this field.")
        repository = self._persistence.for_class(entity_type.cls)
        if query.where is not ALWAYS:
            where, exact = narrowed(query.where, entity_type.cls, supports_of(repository))
            if not exact:
                return None
            query = replace(query, where=where)
        if not reads_every_record(policy, entity_type, actor):
            where, exact = read_condition(policy, entity_type, actor, repository)
            if not exact:
                return None
            query = replace(query, where=junction(True, (query.where, where)))
        return await _summary(repository, query, asked)


async def _summary(repository: Repository, query: Query, asked: SummaryQuery) -> Summary | None:
    bound = None if asked.most is None else asked.most + 1  # one more says that there are more
    if isinstance(repository, Summarizes):
        groups = await repository.summary(query, asked._replace(most=bound))
        if groups is not None:
            counted = sum(group.number for group in groups)
            return Summary(groups, bound is not None and counted >= bound)
    most = MAX_READ if asked.most is None else min(asked.most, MAX_READ)
    found: list[Entity] = []
    async with aclosing(repository.stream(query, BATCH)) as batches:
        async for batch in batches:
            found += batch
            if len(found) > most:
                break
    if len(found) > most and asked.measures:
        return None  # a total of some of them says nothing
    return Summary(summary_of(found[:most], asked), len(found) > most)
