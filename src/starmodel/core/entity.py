"""`Entity`: an immutable snapshot of typed fields whose events run on drafts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self

from starmodel.core._compat import uses_default_init
from starmodel.core.changes.drafts import Facts, evolved
from starmodel.core.current_app import ObjectsOf, host_of
from starmodel.core.definition.checks import check_names
from starmodel.core.definition.constructor import unknown_argument, with_keys
from starmodel.core.definition.info import EntityInfo
from starmodel.core.definition.metaclass import EntityMeta
from starmodel.core.definition.relations import take_relations
from starmodel.core.definition.setup import define, take_id
from starmodel.core.errors import FrozenEntityError
from starmodel.core.events import ActionFactory, Event
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import Field
from starmodel.core.fields.relations import Relation
from starmodel.core.fields.representation import Public
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import DRAFT, Snapshot, hidden_of, mode_of
from starmodel.core.values.ids import new_id


class Entity(Snapshot, metaclass=EntityMeta):
    """One class for state, behaviour, store, routes and pages.

    A committed entity is an immutable snapshot. State changes only inside
    an `@event`, which runs on a draft: when it raises, nothing changed.

    >>> class Light(Entity):
    ...     on: bool = False
    >>> Light().evolve(on=True).on
    True
    """

    # Any: SQLModel's own key set is another type. Its keys are checked at definition.
    model_config: ClassVar[Any] = EntityConfig(
        ignored_types=(Event, Relation), validate_default=False
    )
    if not TYPE_CHECKING:  # checkers refuse two bases with slots, as in (Entity, SQLModel)
        __slots__ = ()
    __entity__: ClassVar[EntityInfo]
    objects: ClassVar[ObjectsOf] = ObjectsOf()

    if TYPE_CHECKING:
        id: Any = Field(default_factory=new_id)  # an application may declare any type
    else:
        id: str = Field(default_factory=new_id)

    @uses_default_init
    def __init__(self, /, **data: Any) -> None:  # so that SQLModel's table classes validate
        """Raises: TypeError, for an unknown field; ValidationError, for an invalid value."""
        names = self.__entity__.arguments
        if names is not None and not data.keys() <= names:
            raise unknown_argument(type(self), data, names)
        if self.__entity__.references:
            data = with_keys(type(self), data)
        self.__pydantic_validator__.validate_python(data, self_instance=self)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_names(cls)
        take_id(cls, Entity)
        take_relations(cls)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        define(cls, Entity)

    if not TYPE_CHECKING:  # which take SQLModel's, whose result is a SQLModel, for another method

        @classmethod
        def model_validate(cls, obj: Any, **options: Any) -> Self:
            # SQLModel's own would not validate table classes.
            if options.pop("update", None):
                raise TypeError(
                    f"{cls.__name__}.model_validate(update=…): use evolve(…) on the result."
                )
            return cls.__pydantic_validator__.validate_python(obj, **options)

        def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
            """The fields in `repr()` and `str()`, which users print and log.

            No private ones, also of nested models, and none that its viewer may not read.
            """
            info, args = self.__entity__, super().__repr_args__()
            hidden = info.private | hidden_of(self) if info.guarded else info.private
            public = [(name, value) for name, value in args if name not in hidden]
            return public if info.atomic else [(name, Public(value)) for name, value in public]

    def evolve(self, **changes: Any) -> Self:
        """A new validated snapshot with these fields changed; this one stays as it is.

        Raises: TypeError, for an unknown field; pydantic's ValidationError, for a wrong value.
        """
        return evolved(self, with_keys(type(self), changes))

    def emit(self, fact: Any) -> None:
        """Collect a fact (a dataclass or model); it is published after the commit.

        Never published when the event fails. Raises: FrozenEntityError, outside an event.
        """
        _facts_of(self, "emit").emitted.append(fact)

    async def save(self) -> None:
        """Store this draft at its commit, where `auto_persist` is off."""
        _facts_of(self, "save").save = True

    @classmethod
    async def get(cls, request: Any) -> Self:
        """The instance that the request's visitor means by this class."""
        return await host_of(cls).own(cls, request)  # type: ignore[no-any-return]

    @property
    def do(self) -> Do:
        """Actions on this record: `product.do.adjust_stock(-1)`."""
        return Do(self)

    @property
    def signals(self) -> dict[str, Any]:
        """The public values of the signals, as JSON data, without fields hidden from its viewer."""
        state = public_state(self)
        return {name: state[name] for name in self.__entity__.signals if name in state}


class Do:
    """The events of one record as factories of actions."""

    __slots__ = ("_entity",)

    def __init__(self, entity: Entity) -> None:
        self._entity = entity

    def __getattr__(self, name: str) -> ActionFactory[...]:
        info = self._entity.__entity__
        event = info.events.get(name) or BUILT_IN.get(name)
        if event is None:
            raise AttributeError(
                f"{info.cls.__name__} has no event {name!r}; it has "
                f"{', '.join([*info.events, *BUILT_IN])}."
            )
        return ActionFactory(info.cls, event, self._entity.id)


def _facts_of(draft: Entity, method: str) -> Facts:
    facts: Facts | None = getattr(draft, "_sm_facts", None)
    if mode_of(draft) != DRAFT or facts is None:
        raise FrozenEntityError(
            f"{type(draft).__name__}.{method}() works on the `self` of an event, where there is "
            "something to commit. From other code dispatch an event."
        )
    return facts
