"""The rows of children that a form of their parent shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.offers import may_create, offers
from starmodel.app.access.policy import Actor
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.commands.field_access import unsettable
from starmodel.app.commands.inlines.rows import MAX_ROWS, sent_rows
from starmodel.app.ports.query import Filter
from starmodel.app.presentation.children import in_order
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import Listing, Window, listing_of
from starmodel.core.classes.children import Children
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, AccessScanLimitError, BindingError
from starmodel.core.public_state import public_state
from starmodel.core.values.json_data import json_text


class InlineRow(NamedTuple):
    """One row of a form.

    Shapes: at is its part of input names, "0" in "lines.0.quantity"; id is that of the stored
    child, "" for a new one; originals is the JSON of the field digests; a row that is_locked
    shows values that the actor may not change; a blank one counts only once it is filled in;
    closed are the fields of this record that the actor may not set.
    """

    at: str
    id: str
    values: Mapping[str, Any]
    originals: str = ""
    is_removed: bool = False
    is_blank: bool = False
    is_locked: bool = False
    may_remove: bool = True
    closed: frozenset[str] = frozenset()


class InlineRows(NamedTuple):
    """The rows of one relation.

    Shapes: resource is that of the children's class; omitted are the fields without an input;
    is_cut says that the parent has more children than the form shows.
    """

    children: Children
    resource: MountedResource
    rows: Sequence[InlineRow]
    omitted: frozenset[str]
    may_add: bool
    is_cut: bool = False


StoredChildren = tuple[Children, MountedResource, Sequence[Entity], bool]
"""A relation, the resource of its records, these records, and whether there are more."""


async def stored_children(
    read: Callable[..., Awaitable[Window]],
    inlines: Iterable[tuple[Children, MountedResource]],
    id: Any,
    actor: Actor | None,
) -> list[StoredChildren]:
    """The children that the form of their parent has rows for, by one query for each relation.

    Shapes: read returns the window of a listing, as `Application.window`; id is the parent's.
    """
    found: list[StoredChildren] = []
    for children, theirs in inlines:
        try:
            window = await _rows_of(read, children, theirs, id, actor)
        except (AccessDeniedError, AccessScanLimitError):
            continue
        if window is not None:
            found.append((children, theirs, window.entities, window.more))
    return found


async def _rows_of(
    read: Callable[..., Awaitable[Window]],
    children: Children,
    theirs: MountedResource,
    id: Any,
    actor: Actor | None,
) -> Window | None:
    """The stored rows of a form; None if their foreign key is closed to the actor somewhere."""
    hidden = readable_fields(theirs.policy, theirs.entity_type, actor).uncertain
    if children.key in hidden:
        return None

    async def ordered(order: str) -> tuple[Listing, Window]:
        given = {"per_page": str(MAX_ROWS), "order": order}
        listing = listing_of(theirs.entity_type, given, hidden=hidden)
        own = (Filter(children.key, "eq", id),)  # the key may be private
        listing = replace(listing, query=replace(listing.query, filters=own))
        return listing, await read(listing, actor, policy=theirs.policy)

    return (await in_order(children, ordered))[1]


def new_inlines(
    inlines: Iterable[tuple[Children, MountedResource]], actor: Actor | None
) -> list[InlineRows]:
    """One blank row for each relation, for the form of a new parent."""
    return [_rows(children, theirs, actor, [], spare=1) for children, theirs in inlines]


def stored_inlines(
    inlines: Iterable[StoredChildren],
    actor: Actor | None,
) -> list[InlineRows]:
    """The rows of a parent's stored children. Called inside `rendered`, as it asks the policy."""
    found = []
    for children, theirs, entities, is_cut in inlines:
        events = theirs.entity_type.events
        about = (theirs.policy, theirs.entity_type, actor)
        rows = [
            InlineRow(
                str(at), str(plain(entity.id)), public_state(entity), json_text(digests(entity)),
                is_locked=not offers(*about, event=events["update"], entity=entity),
                may_remove=offers(*about, event=events["delete"], entity=entity),
                closed=unsettable(*about, entity),
            )
            for at, entity in enumerate(entities)
        ]  # fmt: skip
        found.append(_rows(children, theirs, actor, rows)._replace(is_cut=is_cut))
    return found


def sent_inlines(
    inlines: Iterable[tuple[Children, MountedResource]],
    actor: Actor | None,
    sent: Mapping[str, Any],
    was: Mapping[str, str],
    stored: Iterable[InlineRows] = (),
) -> list[InlineRows]:
    """The rows of a submitted form.

    Shapes: was has newer field digests by the name of a row; stored are the rows of the parent's
    stored children, whose values a row displays that has none, since its inputs are disabled.
    """
    found = []
    known = {(shown.children.name, row.id): row for shown in stored for row in shown.rows if row.id}
    for children, theirs in inlines:
        rows, info = [], children.of.__entity__
        ruled = {*info.read_rules, *info.write_rules}
        try:
            given = sent_rows(children.name, sent.get(children.name, {}))
        except BindingError:  # the error that is being sent
            given = []
        for row in given:
            locked = bool(row.id) and not row.values
            before = known.get((children.name, row.id)) if locked else None
            if before is not None:
                rows.append(before._replace(at=row.at, is_removed=row.is_removed, is_locked=True))
                continue
            originals = was.get(f"{children.name}.{row.at}", row.originals)
            closed = frozenset(ruled - row.values.keys() if row.id else ())  # they were disabled
            rows.append(
                InlineRow(
                    row.at, row.id, row.values, originals, row.is_removed, row.is_blank, locked,
                    closed=closed,
                )
            )  # fmt: skip
        found.append(_rows(children, theirs, actor, rows))
    return found


def has_locked_rows(inlines: Iterable[tuple[Children, MountedResource]], sent: Any) -> bool:
    """Whether a submitted form has rows of stored children without their values."""
    try:
        return any(
            row.id and not row.values
            for children, _ in inlines
            for row in sent_rows(children.name, sent.get(children.name, {}))
        )
    except BindingError:
        return False


def _rows(
    children: Children,
    theirs: MountedResource,
    actor: Actor | None,
    rows: list[InlineRow],
    *,
    spare: int = 0,
) -> InlineRows:
    about = (theirs.policy, theirs.entity_type, actor)
    may_add = may_create(*about)
    if may_add and spare:
        at = str(max([int(row.at) for row in rows], default=-1) + 1)
        rows = [*rows, InlineRow(at, "", {}, is_blank=True)]
    omitted = unsettable(*about, None) | {children.key}
    return InlineRows(children, theirs, rows, omitted, may_add)
