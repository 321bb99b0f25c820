"""Orders the changes of one batch so that no intermediate state violates a constraint.

A row is stored after the rows that its foreign keys refer to, and after
those that release a unique value that it takes; it is deleted after the
rows that refer to it. Where that is a cycle, a change is made in two
parts: first with NULL or with an unused value, and at the end with the
final value.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from starmodel.adapters.persistence.sql.schema.entity_table import Reference
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.write.placeholders import placeholder
from starmodel.app.ports.repository import Change
from starmodel.core.entity import Entity

RANK = {"check": 0, "insert": 1, "update": 2, "delete": 3}
Part = Literal["whole", "first", "last", "release", "rest"]
Key = tuple[str, tuple[str, ...], tuple[Any, ...]]


class OrderedChange(NamedTuple):
    """One change, or a part of it.

    Shapes: "first" stores the change with the placeholders, by field, and
    "last" the final values of those fields; "release" stores only the
    placeholders, in place of the row's previous values, and "rest" the whole
    change after that.
    """

    change: Change
    part: Part = "whole"
    placeholders: Mapping[str, Any] = {}


class _Dependency(NamedTuple):
    """Why one change waits for another. Shapes: at is the change that can be made in two parts."""

    at: int
    fields: tuple[str, ...]
    reference: Reference | None


@dataclass(slots=True)
class _Node:
    change: Change
    own: Statements
    waits: dict[int, list[_Dependency]] = field(default_factory=dict)
    next: list[int] = field(default_factory=list)
    part: Part = "whole"
    placeholders: dict[str, Any] = field(default_factory=dict)


def sort_changes(
    changes: Sequence[Change], statements: Mapping[type[Entity], Statements]
) -> Iterator[OrderedChange]:
    """Sort the changes topologically by the constraints of their tables, where possible."""
    if not any(
        statements[change.entity].has_order_constraints
        if len(changes) > 1
        else _must_release(change, statements)
        for change in changes
    ):
        yield from map(OrderedChange, changes)
        return

    def default_order(change: Change) -> tuple[int, int]:
        depth = statements[change.entity].depth
        return RANK[change.kind], -depth if change.kind == "delete" else depth

    nodes = [
        _Node(change, statements[change.entity]) for change in sorted(changes, key=default_order)
    ]
    _connect(nodes)
    for node in nodes:
        if node.change.kind == "delete" and (values := _self_references(node)):
            yield OrderedChange(node.change, "release", values)
            node.part = "rest"
    yield from _sorted(nodes)


def _must_release(change: Change, statements: Mapping[type[Entity], Statements]) -> bool:
    own = statements[change.entity]
    return (
        change.kind == "delete"
        and bool(own.references)
        and not own.sql_dialect.deletes_self_references
    )


def _self_references(node: _Node) -> dict[str, Any]:
    """Return NULL for self-referencing foreign keys of a row that would block its deletion."""
    own, before = node.own, _before(node.change)
    found: dict[str, Any] = {}
    for reference in () if own.sql_dialect.deletes_self_references else own.references:
        table, targets = reference.target
        key = own.key_of(reference.fields, before)
        if table == own.table_name and key is not None and key == own.key_of(targets, before):
            found |= {
                name: None for name in reference.fields if own.mapped.fields[name].column.nullable
            }
    return found


def _connect(nodes: Sequence[_Node]) -> None:
    """Build the graph of which change waits for which."""
    referenced = {reference.target for node in nodes for reference in node.own.references}
    released: dict[Key, int] = {}
    provided: dict[Key, int] = {}
    removed: dict[Key, int] = {}
    taken: list[tuple[int, Key, _Dependency]] = []
    needed: list[tuple[int, Key, _Dependency]] = []
    dropped: list[tuple[int, Key, _Dependency]] = []
    for at, node in enumerate(nodes):
        own, change = node.own, node.change
        before, after = _before(change), _after(change)
        for names in own.uniques:
            old, new = own.key_of(names, before), own.key_of(names, after)
            if old != new:
                if old is not None:
                    released[own.table_name, names, old] = at
                if new is not None:
                    taken.append((at, (own.table_name, names, new), _Dependency(at, names, None)))
        for table, names in referenced:
            if table == own.table_name:
                old, new = own.key_of(names, before), own.key_of(names, after)
                if old != new:
                    if old is not None:
                        removed[table, names, old] = at
                    if new is not None:
                        provided[table, names, new] = at
        for reference in own.references:
            old, new = own.key_of(reference.fields, before), own.key_of(reference.fields, after)
            if old != new:
                dependency = _Dependency(at, reference.fields, reference)
                if old is not None:
                    dropped.append((at, (*reference.target, old), dependency))
                if new is not None:
                    needed.append((at, (*reference.target, new), dependency))
    for at, key, dependency in taken:
        _wait(nodes, at, released.get(key, at), dependency)
    for at, key, dependency in needed:
        _wait(nodes, at, provided.get(key, at), dependency)
    for at, key, dependency in dropped:
        _wait(nodes, removed.get(key, at), at, dependency)


def _wait(nodes: Sequence[_Node], later: int, earlier: int, dependency: _Dependency) -> None:
    if later != earlier:
        if earlier not in nodes[later].waits:
            nodes[later].waits[earlier] = []
            nodes[earlier].next.append(later)
        nodes[later].waits[earlier].append(dependency)


def _before(change: Change) -> Mapping[str, Any]:
    return {} if change.before is None or change.kind == "check" else change.before.__dict__


def _after(change: Change) -> Mapping[str, Any]:
    if change.snapshot is None:
        return {}
    return (
        change.snapshot.__dict__ if change.before or change.kind == "insert" else change.patch.set
    )


def _sorted(nodes: Sequence[_Node]) -> Iterator[OrderedChange]:
    ready = [at for at, node in enumerate(nodes) if not node.waits]
    left = {at: None for at, node in enumerate(nodes) if node.waits}  # an ordered set

    def done(at: int) -> None:
        for later in nodes[at].next:
            if nodes[later].waits.pop(at, None) is not None and not nodes[later].waits:
                left.pop(later, None)
                heapq.heappush(ready, later)

    while ready or left:
        if ready:
            at = heapq.heappop(ready)
            node = nodes[at]
            yield OrderedChange(node.change, node.part, node.placeholders)
            if node.part != "last":
                done(at)
            continue
        at, parts = _break_cycle(nodes, left)
        for other, values in parts.items():
            node = nodes[other]
            if other != at:
                yield OrderedChange(node.change, "release", values)
                node.part = "rest"
        if at in parts:
            node = nodes[at]
            yield OrderedChange(node.change, "first", parts[at])
            node.part, node.placeholders = "last", parts[at]
            done(at)
        own = {
            other: [w for w in dependency if w.at == at]
            for other, dependency in nodes[at].waits.items()
        }
        nodes[at].waits = {
            other: dependency for other, dependency in own.items() if dependency and parts
        }
        if not nodes[at].waits:
            left.pop(at, None)
            heapq.heappush(ready, at)


def _break_cycle(
    nodes: Sequence[_Node], left: Mapping[int, None]
) -> tuple[int, dict[int, dict[str, Any]]]:
    """Break a cycle: return the change to make next, and the placeholders by change.

    Without placeholders no cycle can be broken; then the database decides.
    """
    for at in left:
        parts: dict[int, dict[str, Any]] = {}
        for reasons in nodes[at].waits.values():
            for dependency in reasons:
                node = nodes[dependency.at]
                if node.part != "whole":
                    break
                made = placeholder(node.own, dependency.fields, node.change, dependency.reference)
                if not made:
                    break
                parts.setdefault(dependency.at, {}).update(made)
            else:
                continue
            break
        else:
            return at, parts
    return next(iter(left)), {}
