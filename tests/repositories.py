"""Opened SQL repositories, and the changes that tests commit to a repository."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.repository import Change
from starmodel.core.changes.patches import diff
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.snapshot import version_of


async def ignore_expiry(*_: Any) -> None:
    """An expiry callback without effect."""


async def opened(url: str, *classes: type[Entity], **options: Any) -> SqlRepository:
    repository = SqlRepository(url, **options)
    await repository.open([entity_type(cls, "sql") for cls in classes], ignore_expiry)
    return repository


def insert(entity: Entity, version: int = 1) -> Change:
    return Change(type(entity), entity.id, "insert", 0, version, entity)


def update(old: Entity, **values: Any) -> Change:
    new, version = old.evolve(**values), version_of(old)
    return Change(type(old), old.id, "update", version, version + 1, new, diff(old, new))


def delete(old: Entity, version: int | None = None) -> Change:
    """Delete an entity. Its version is given where it was not loaded from the repository."""
    version = version_of(old) if version is None else version
    return Change(type(old), old.id, "delete", version, version + 1)


def check(old: Entity) -> Change:
    """Require the version of an entity that the commit leaves unchanged."""
    return Change(type(old), old.id, "check", version_of(old), version_of(old))
