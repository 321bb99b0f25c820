"""Snapshots in the visitor's browser: read from the request, returned with its response."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from starmodel.adapters.persistence.memory_markers import MemoryMarkers
from starmodel.app.context import current_browser_state
from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch, Change, Expired, Marker
from starmodel.app.sessions.browser_state import BrowserState, Kept, no_browser_state
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConfigurationError,
    DuplicateCommandError,
    InvalidStateError,
    RequestError,
    VersionConflictError,
)
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import stored, version_of
from starmodel.core.values.bounds import (
    MAX_KEYS,
    Bounds,
    BoundsError,
    Count,
    check_keys,
    check_numbers,
    key_counter,
    read_json,
)
from starmodel.core.values.json_data import exact_json, with_bytes
from starmodel.texts.catalogue import Message

E = TypeVar("E", bound=Entity)
FORMAT = 1
MAX_STATE_BYTES = 256 * 1024
STATE_BOUNDS = Bounds(depth=200, items=MAX_STATE_BYTES)  # what was stored must parse
MAX_VERSION = 2**53 - 1


class BrowserRepository:
    """Stores no state on the server: browser state lives in the context of one request.

    Compare-and-swap is guaranteed within one request only; between requests
    the last response that the browser stores wins. Idempotency markers are
    stored without the outcome, and only for commands that must not run twice.
    """

    transactional = True

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self._markers = MemoryMarkers(clock)

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        """Do nothing: there is no resource to open."""

    async def close(self) -> None:
        """Do nothing: there is no resource to close."""

    async def get(self, entity: type[E], id: Any) -> E | None:
        request = current_browser_state()
        if request is None:
            return None
        request.check(entity, id)
        return _loaded(request, entity, id).snapshot  # type: ignore[return-value]

    latest = get

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        marker = batch.marker
        if marker is not None:
            known = await self.marker(marker.key)
            if known is not None and known.command != marker.command:
                raise DuplicateCommandError(marker.key)
        request = current_browser_state()
        made = [(change, self._apply(request, change)) for change in batch.changes]
        if between is not None:
            await between()
        for change, held_state in made:
            if change.kind != "check" and request is not None:
                request.known[change.entity.__entity__.name] = held_state
                request.changed.add(change.entity.__entity__.name)
        if marker is not None and (
            marker.outcome is None or marker.effects or self._markers.get(marker.key) is not None
        ):
            self._markers.put(marker._replace(outcome=None))

    def _apply(self, request: BrowserState | None, change: Change) -> Kept:
        """Apply the change to the browser state of the request."""
        if request is None:
            raise no_browser_state(change.entity)
        request.check(change.entity, change.id)
        before = _loaded(request, change.entity, change.id)
        now = None if before.snapshot is None else version_of(before.snapshot)
        if now != (None if change.kind == "insert" else change.base):
            raise VersionConflictError(
                change.entity.__name__, change.id, read=change.base, stored=now
            )
        if change.kind == "check":
            return before
        if change.snapshot is None:
            return Kept(None)
        text = serialised_state(change.snapshot, change.version)
        # Parsed from the text: shares no objects, and equals what the browser will store.
        return Kept(_snapshot_of(change.entity, change.id, from_json(text)), text)

    async def next_id(self, entity: type[Entity]) -> int:
        raise _no_collection_error(entity)

    async def list(self, query: Query) -> list[Entity]:
        raise _no_collection_error(query.entity)

    def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        raise _no_collection_error(query.entity)

    async def count(self, query: Query) -> int:
        raise _no_collection_error(query.entity)

    def matches(self, query: Query, entity: Entity) -> bool:
        return query.matches(entity)

    async def marker(self, key: str) -> Marker | None:
        return self._markers.get(key)

    async def forget(self, key: str, command: str) -> None:
        found = self._markers.get(key)
        if found is not None and found.command == command:
            self._markers.remove(key)

    async def touch(self, entity: type[Entity], id: Any, ttl_s: float) -> None:
        """Do nothing: browser state has no time to live."""


def serialised_state(entity: Entity, version: int) -> str:
    """Serialise the state for the browser. Raises: InvalidStateError, beyond the size limit."""
    fields, extra = type(entity).__pydantic_fields__, entity.__pydantic_extra__ or {}
    state = {
        name: value
        for name, value in public_state(entity).items()
        if name != "id" and (name in fields or name in extra)
    }
    for name, value in state.items():
        if not _fits_a_table(type(entity), name, value):
            raise InvalidStateError(
                Message(
                    "browser_state.keys",
                    field=f"{type(entity).__name__}.{name}",
                    keys=MAX_KEYS,
                )
            )
    data = {"format": FORMAT, "version": version, "state": state}
    text = exact_json(data, inf_nan_mode="strings")
    if len(text) > MAX_STATE_BYTES:
        raise InvalidStateError(
            Message(
                "browser_state.size",
                entity=type(entity).__name__,
                size=len(text),
                most=MAX_STATE_BYTES,
            )
        )
    return text.decode()


def _loaded(request: BrowserState, entity: type[Entity], id: Any) -> Kept:
    name = entity.__entity__.name
    held_state = request.known.get(name)
    if held_state is None:
        held_state = request.known[name] = Kept(_parse_sent(entity, id, request.texts.get(name)))
    return held_state


def _parse_sent(entity: type[Entity], id: Any, given: Any) -> Entity | None:
    """Parse the snapshot of a request; None for no state or for another build's format.

    Shapes: given is the stored text, or its content as JSON data.
    Raises: RequestError, beyond the size limit.
    """
    if given in (None, ""):
        return None
    size = len(given.encode() if isinstance(given, str) else to_json(given))
    if size > MAX_STATE_BYTES:
        raise RequestError(
            Message("browser_state.sent", entity=entity.__name__, size=size, most=MAX_STATE_BYTES),
            status=413,
        )
    if isinstance(given, str):
        try:
            given = read_json(given, STATE_BOUNDS)
        except ValueError:
            return None
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        return None
    return _snapshot_of(entity, id, given)


def _snapshot_of(entity: type[Entity], id: Any, data: dict[str, Any]) -> Entity | None:
    version, state = data.get("version"), data.get("state")
    if type(version) is not int or not 0 < version < MAX_VERSION or not isinstance(state, dict):
        return None
    return stored(restored(entity, id, state), version)


def restored(entity: type[E], id: Any, state: dict[str, Any]) -> E:
    """Validate a stored state; values that the class rejects (by now) get their defaults."""
    fields = entity.__pydantic_fields__
    open_ended = entity.model_config.get("extra") == "allow"
    values = {
        n: v
        for n, v in state.items()
        if n != "id" and (n in fields or open_ended) and _fits_a_table(entity, n, v)
    }
    while True:
        try:
            made = _validated(entity, {**values, "id": id})
        except ValidationError as error:
            wrong = {item["loc"][0] for item in error.errors(include_url=False) if item["loc"]}
            if not values:
                raise
            # A validation error without a field leaves only the defaults.
            values = {n: v for n, v in values.items() if n not in wrong} if wrong else {}
            continue
        long = {name for name in values if not _is_short(getattr(made, name, None))}
        if not long:
            return made
        values = {n: v for n, v in values.items() if n not in long}


def _validated(entity: type[E], values: dict[str, Any]) -> E:
    validator, fields = entity.__pydantic_validator__, entity.__pydantic_fields__
    if entity.__entity__.holds_bytes:
        read = {n: with_bytes(fields[n].annotation, v) for n, v in values.items() if n in fields}
        return validator.validate_python(  # type: ignore[no-any-return]
            {**values, **read}, by_name=True, by_alias=False
        )
    return validator.validate_json(  # type: ignore[no-any-return]
        to_json(values), by_name=True, by_alias=False
    )


def _fits_a_table(entity: type[Entity], name: str, value: Any) -> bool:
    """False for a value whose numbers would cause hash collisions."""
    if name not in entity.__pydantic_fields__:
        return True
    try:
        check_keys(_key_counter(entity, name), value)
    except BoundsError:
        return False
    return True


@lru_cache(maxsize=1024)
def _key_counter(entity: type[Entity], name: str) -> Count | None:
    return key_counter(entity.__pydantic_fields__[name].annotation)


def _is_short(value: Any) -> bool:
    """False for a value with a number too long to be serialised."""
    try:
        check_numbers(value)
    except BoundsError:
        return False
    return True


def _no_collection_error(entity: type[Entity]) -> ConfigurationError:
    return ConfigurationError(
        f"{entity.__name__} lives in browsers, one in each; there is no list of them here. "
        "Keep what is to be listed in a server store."
    )
