"""Disclosure: read access per record, applied to results and outcomes."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, ValuesView
from typing import Any, TypeVar

from pydantic import BaseModel

from starmodel.app.access.decisions import permits
from starmodel.app.access.fields import readable_fields, seen_by
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.fields.field import excluding_private
from starmodel.core.fields.privacy import is_private
from starmodel.core.public_state import public_state
from starmodel.core.values.json_data import json_data

E = TypeVar("E", bound=Entity)
_SEQUENCES = (list, tuple, set, frozenset, deque, Iterator, ValuesView)
_OMITTED = object()
_MAX_DEPTH = 200


class Viewer:
    """Read access of one actor.

    Shapes: shown has the (entity name, id, hidden fields) of each record whose state is part
    of a result, so that access to a stored result can be checked again.
    """

    __slots__ = ("_actor", "_policy", "_registry", "shown")

    def __init__(self, registry: Registry, policy: AccessPolicy, actor: Actor | None) -> None:
        self._registry, self._policy, self._actor = registry, policy, actor
        self.shown: list[tuple[str, Any, list[str]]] = []

    async def may_read(self, entity: Entity) -> bool:
        """Whether the actor may read this snapshot or draft."""
        if self._actor is TRUSTED:
            return True
        entity_type = self._registry.get(entity.__entity__.cls)
        return entity_type is not None and await permits(
            self._policy, entity_type, self._actor, entity=entity
        )

    async def hidden(self, entity: Entity) -> frozenset[str]:
        """The fields of this snapshot or draft that the actor may not read."""
        entity_type = self._registry.get(entity.__entity__.cls)
        if entity_type is None:
            return entity.__entity__.guarded
        return await readable_fields(self._policy, entity_type, self._actor).closed_on(entity)

    async def seen(self, entity: E) -> E:
        """The record as the actor sees it, if it may read it at all."""
        entity_type = self._registry.get(entity.__entity__.cls)
        if entity_type is None:
            return entity
        return await seen_by(self._policy, self._actor, entity_type, entity)

    async def state_of(self, entity: Entity) -> dict[str, Any] | None:
        """The public state, or None if the actor may not read the entity."""
        if not await self.may_read(entity):
            return None
        hidden = await self.hidden(entity)
        self.shown.append((entity.__entity__.name, entity.id, sorted(hidden)))
        return public_state(entity, hidden)

    async def json_of(self, value: Any) -> Any:
        """A result as JSON data, without private fields and unreadable entities.

        An unreadable entity is omitted from a list, and None elsewhere.

        Raises: TypeError, for a value without a JSON form.
        """
        visible = await self._visible(value, 0)
        token = excluding_private.set(True)
        try:
            return json_data(visible)
        except ValueError as error:  # a ValueError is a validation failure of the event
            raise TypeError(
                f"A result of the type {type(value).__name__} has no JSON form: {error}. Return "
                "data that has one, a component, or None."
            ) from error
        finally:
            excluding_private.reset(token)

    async def _visible(self, value: Any, depth: int) -> Any:
        """The value with each entity replaced by its public state."""
        if isinstance(value, Entity):
            return await self.state_of(value)
        if isinstance(value, str | bytes | int | float | None):
            return value
        if depth > _MAX_DEPTH:
            raise TypeError(f"A result is nested more than {_MAX_DEPTH} levels deep.")
        if isinstance(value, Mapping):
            return {key: await self._visible(item, depth + 1) for key, item in value.items()}
        if isinstance(value, _SEQUENCES):
            items = [await self._item(item, depth + 1) for item in value]
            return [item for item in items if item is not _OMITTED]
        if _has_fields(value) and _holds_entity(value, depth):
            infos = getattr(type(value), "__pydantic_fields__", {})
            return {
                name: await self._visible(getattr(value, name, None), depth + 1)
                for name in _field_names(value)
                if name not in infos or not is_private(infos[name])
            }
        return value

    async def _item(self, item: Any, depth: int) -> Any:
        if isinstance(item, Entity) and not await self.may_read(item):
            return _OMITTED
        return await self._visible(item, depth)


def _has_fields(value: Any) -> bool:
    """True for models and dataclasses."""
    return isinstance(value, BaseModel) or (
        dataclasses.is_dataclass(value) and not isinstance(value, type)
    )


def _field_names(value: Any) -> Iterable[str]:
    if isinstance(value, BaseModel):
        return type(value).__pydantic_fields__
    return [field.name for field in dataclasses.fields(value)]


def _holds_entity(value: Any, depth: int) -> bool:
    if isinstance(value, Entity):
        return True
    if isinstance(value, str | bytes) or depth > _MAX_DEPTH:
        return False
    inside: Iterable[Any] = ()
    if _has_fields(value):
        inside = [getattr(value, name, None) for name in _field_names(value)]
    elif isinstance(value, Mapping):
        inside = value.values()
    elif isinstance(value, _SEQUENCES) and not isinstance(value, Iterator):
        inside = value
    return any(_holds_entity(item, depth + 1) for item in inside)
