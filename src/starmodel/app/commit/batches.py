"""A unit's changes as batches of their stores, and the order in which those commit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from starmodel.app.persistence import Repositories
from starmodel.app.ports.repository import Batch, Change, Marker, Repository
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError


class _Part(NamedTuple):
    """What one store is to commit."""

    repository: Repository
    changes: list[Change]
    marker: Marker | None = None


async def store_changes(
    changes: Sequence[Change],
    persistence: Repositories,
    marker: Marker | None,
    marked_class: type[Entity] | None,
) -> None:
    """Commit to every store, or to none: transactional ones stay open until the last has accepted.

    The marker goes with the store of `marked_class`. Only a crash between the last
    two commits may leave the last store ahead.

    Raises: ConfigurationError, for two stores that can't commit together;
    what the stores raise.
    """
    stores: dict[Repository, list[Change]] = {}
    marked = None if marker is None or marked_class is None else persistence.for_class(marked_class)
    if marked is not None:
        stores[marked] = []
    for change in changes:
        stores.setdefault(persistence.for_class(change.entity), []).append(change)
    if len(stores) > 1:
        told = None if marker is None else marker._replace(effects=True)
        await _commit_all([_Part(r, c, told if r is marked else None) for r, c in stores.items()])
        return
    for repository in stores:
        await repository.commit(Batch(changes, marker))


async def _commit_all(parts: list[_Part]) -> None:
    parts.sort(key=lambda part: not part.repository.transactional)
    if sum(not part.repository.transactional for part in parts) > 1:
        names = sorted({change.entity.__name__ for part in parts for change in part.changes})
        raise ConfigurationError(
            f"One unit of work changes {', '.join(names)}, which live in two stores that can't "
            "commit together. Keep them in one store, or change one of them in an @on handler."
        )

    async def commit(index: int) -> None:
        repository, changes, marker = parts[index]
        between = partial(commit, index + 1) if index + 1 < len(parts) else None
        await repository.commit(Batch(changes, marker), between)

    await commit(0)
