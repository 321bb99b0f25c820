"""`Product.objects`: reading and creating records from code."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import make_query
from starmodel.app.queries.relations import Relations
from starmodel.core.classes.registry import Registry
from starmodel.core.classes.related_fields import RelatedField, queried_field
from starmodel.core.commands import Action
from starmodel.core.definition.constructor import with_keys
from starmodel.core.entity import Entity
from starmodel.core.errors import NotFoundError, RequestError

E = TypeVar("E", bound=Entity)
MAX_BATCH = 1000
Load = str | Sequence[str]


class RecordSource(Protocol):
    """The part of an application that `Objects` uses."""

    @property
    def registry(self) -> Registry: ...

    @property
    def persistence(self) -> PersistenceManager: ...

    @property
    def relations(self) -> Relations: ...

    async def ready(self) -> None:
        """Open the stores, once."""

    def id_of(self, entity: type[Entity], id: Any) -> Any:
        """The id converted to the declared type. Raises: NotFoundError."""

    async def dispatch(self, request: Action) -> Any:
        """Run an action as trusted code."""


class Objects(Generic[E]):
    """The records of one class, for trusted code: no access rule applies."""

    def __init__(self, application: RecordSource, entity: type[E]) -> None:
        self._application, self._entity = application, entity

    async def get(self, id: Any, *, load: Load = ()) -> E:
        """The record, with these relations loaded. Raises: NotFoundError."""
        found = await self.find(id, load=load)
        if found is None:
            raise NotFoundError(self._entity.__name__, id)
        return found

    async def find(self, id: Any, *, load: Load = ()) -> E | None:
        """The record, with these relations loaded; or None."""
        await self._application.ready()
        try:
            id = self._application.id_of(self._entity, id)
        except NotFoundError:
            return None
        repository = self._application.persistence.for_class(self._entity)
        found = await repository.get(self._entity, id)
        if found is None or not load:
            return found
        return (await self._application.relations.fill([found], load))[0]

    async def list(
        self,
        *,
        search: str = "",
        order: str = "",
        limit: int | None = None,
        offset: int = 0,
        load: Load = (),
        **filters: Any,
    ) -> list[E]:
        """The records that match, such as `price__lt=5`, in an order such as "-price,name".

        load names relations to load as well: one query each.
        """
        await self._application.ready()
        query = make_query(
            self._entity, filters, search=search, order=order, limit=limit, offset=offset,
            private=True, related=self._related,
        )  # fmt: skip
        found: Any = await self._application.persistence.for_class(self._entity).list(query)
        return await self._application.relations.fill(found, load) if load else found

    async def stream(
        self,
        *,
        search: str = "",
        order: str = "",
        batch: int = 500,
        load: Load = (),
        **filters: Any,
    ) -> AsyncGenerator[E, None]:
        """The records that match, read from the store in batches.

        Memory is bounded. No connection, transaction or lock is held between
        two batches, so commits may happen meanwhile: an unchanged record is
        returned exactly once; a record created or deleted meanwhile may be
        returned or not; one that moves in the order may be returned twice.
        Each snapshot is the committed one at the time its batch was read.

        Units: batch is 1 to 1000 records; load runs one query per batch.
        """
        if not 1 <= batch <= MAX_BATCH:
            raise RequestError(f"batch is {batch}; expected 1 to {MAX_BATCH}.")
        await self._application.ready()
        query = make_query(
            self._entity, filters, search=search, order=order, private=True, related=self._related
        )
        repository = self._application.persistence.for_class(self._entity)
        async with aclosing(repository.stream(query, batch)) as chunks:
            async for chunk in chunks:
                found: Any = chunk
                for entity in (
                    await self._application.relations.fill(found, load) if load else found
                ):
                    yield entity

    async def count(self, *, search: str = "", **filters: Any) -> int:
        """How many records match."""
        await self._application.ready()
        query = make_query(
            self._entity, filters, search=search, private=True, related=self._related
        )
        return await self._application.persistence.for_class(self._entity).count(query)

    def _related(self, name: str) -> RelatedField | None:
        return queried_field(self._application.registry[self._entity], name)

    async def create(self, **values: Any) -> E:
        """Store a new record by its `create` event; a relation may be given as a record.

        Raises: BindingError, InvalidStateError.
        """
        values = with_keys(self._entity, values)
        event = self._application.registry[self._entity].events["create"]
        outcome = await self._application.dispatch(event.action(self._entity, None, (), values))
        return outcome.entity  # type: ignore[no-any-return]
