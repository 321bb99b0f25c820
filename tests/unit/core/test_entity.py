"""Snapshots: frozen after any constructor, evolved, validated, and clear about private fields."""

from __future__ import annotations

import copy
import pickle
import uuid
from typing import Any

import pytest
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    computed_field,
    field_validator,
    model_validator,
)

from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, FrozenEntityError
from starmodel.core.events import event
from starmodel.core.fields.field import Field as OwnField
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import stored, version_of
from starmodel.core.values.ids import new_id


class _Place(BaseModel):
    city: str = "Rome"


class _Order(Entity):
    total: int = 0
    tags: list[str] = Field(default_factory=list)
    place: _Place = Field(default_factory=_Place)
    _seen: int = PrivateAttr(default=0)

    @field_validator("total")
    @classmethod
    def _positive(cls, value: int) -> int:
        if value < 0:
            raise ValueError("must not be negative")
        return value


class _Free(Entity, extra="allow"):
    known: int = 0


def _assign(order: Entity, name: str = "total") -> None:
    setattr(order, name, 5)


def _pickled(order: _Order) -> _Order:
    return pickle.loads(pickle.dumps(order))  # noqa: S301 - our own bytes


def _copied_the_old_way(order: _Order) -> _Order:
    with pytest.warns(DeprecationWarning, match="copy"):
        return order.copy(update={"total": 2})


MAKERS: dict[str, Any] = {
    "constructed": lambda order: order,
    "validated": lambda order: _Order.model_validate({"total": 1}),
    "validated_from_json": lambda order: _Order.model_validate_json('{"total": 1}'),
    "evolved": lambda order: order.evolve(total=2),
    "stored": lambda order: stored(order, 3),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "copied_the_old_way": _copied_the_old_way,
    "model_copy": lambda order: order.model_copy(update={"total": 2}),
    "model_copy_deep": lambda order: order.model_copy(deep=True),
    "model_construct": lambda order: _Order.model_construct(total=1),
    "pickle": _pickled,
}


@pytest.mark.parametrize("how", MAKERS)
def test_snapshot_however_made_rejects_assignment(how: str) -> None:
    made = MAKERS[how](_Order())
    with pytest.raises(FrozenEntityError, match=r"_Order\.total .*@event.*evolve\(total=…\)"):
        _assign(made)


def test_snapshot_with_an_unknown_name_rejects_assignment() -> None:
    with pytest.raises(FrozenEntityError):
        _assign(_Order(), "nothing")


def test_snapshot_field_deleted_rejects() -> None:
    with pytest.raises(FrozenEntityError, match="stays one"):
        del _Order().total


def test_snapshot_with_extras_rejects_their_change() -> None:
    free = _Free.model_validate({"known": 1, "other": 2})
    with pytest.raises(FrozenEntityError):
        _assign(free, "other")
    with pytest.raises(FrozenEntityError):
        del free.other
    assert free.evolve(more=3).model_dump(exclude={"id"}) == {"known": 1, "other": 2, "more": 3}


def test_snapshot_error_when_raised_is_a_type_error() -> None:
    assert issubclass(FrozenEntityError, TypeError)


def test_snapshot_used_as_key_rejects() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(_Order())


def test_snapshot_private_attribute_may_be_assigned() -> None:
    order = _Order()
    order._seen = 4
    assert copy.deepcopy(order)._seen == 4


def test_copy_of_a_snapshot_shares_no_containers() -> None:
    order = _Order(tags=["a"])
    for made in (copy.copy(order), copy.deepcopy(order), order.model_copy(), order.evolve()):
        made.tags.append("z")
        made.place.city = "Oslo"
    assert order.tags == ["a"]
    assert order.place.city == "Rome"


def test_copy_of_a_loaded_snapshot_stays_loaded() -> None:
    made = copy.deepcopy(stored(_Order(), 7))
    assert made._sm_mode == stored(_Order(), 0)._sm_mode
    assert version_of(made) == 7


def test_loaded_snapshot_stays_loaded_after_validation() -> None:
    loaded = stored(_Order(), 7)
    _Order.model_validate(loaded)
    assert loaded._sm_mode == stored(_Order(), 0)._sm_mode
    assert version_of(loaded) == 7


def test_evolve_with_changes_gives_a_new_snapshot() -> None:
    order = _Order(total=1)
    made = order.evolve(total=2)
    assert (made.total, made.id, order.total) == (2, order.id, 1)
    assert type(made) is _Order


def test_evolve_of_a_loaded_snapshot_keeps_its_version() -> None:
    assert version_of(stored(_Order(), 9).evolve(total=1)) == 9


def test_evolve_with_a_wrong_value_raises() -> None:
    with pytest.raises(ValidationError, match="must not be negative"):
        _Order().evolve(total=-1)


def test_evolve_with_an_unknown_field_names_the_fields() -> None:
    with pytest.raises(TypeError, match=r"got totl; the fields are id, total, tags"):
        _Order().evolve(totl=1)


def test_evolve_with_an_invalid_nested_model_raises() -> None:
    place = _Place()
    place.city = 5  # type: ignore[assignment]
    with pytest.raises(ValidationError):
        _Order().evolve(place=place)


def test_evolve_with_a_container_does_not_share_it() -> None:
    class Box(Entity):
        data: dict[str, Any] = Field(default_factory=dict)

    inner = [1]
    box = Box().evolve(data={"a": inner})
    inner.append(2)
    assert box.data == {"a": [1]}


def test_model_validate_with_update_rejects_to_ignore_it() -> None:
    with pytest.raises(TypeError, match="evolve"):
        _Order.model_validate({}, update={"total": 1})


def test_after_validator_that_assigns_is_allowed() -> None:
    class Sum(Entity):
        a: int = 1
        double: int = 0

        @model_validator(mode="after")
        def _work_out(self) -> Sum:
            self.double = self.a * 2
            return self

    made = Sum()
    assert made.double == 2
    assert made.evolve(a=4).double == 8
    with pytest.raises(FrozenEntityError):
        _assign(made, "double")


def test_model_post_init_that_assigns_is_allowed() -> None:
    class Named(Entity):
        name: str = ""

        def model_post_init(self, context: Any) -> None:
            self.name = self.name or "none"

    assert Named().name == "none"


def test_id_by_default_is_an_ordered_unique_version_7_uuid() -> None:
    ids = [new_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert {uuid.UUID(id).version for id in ids} == {7}
    assert {uuid.UUID(id).variant for id in ids} == {uuid.RFC_4122}
    stamps = [id[:18] for id in ids]  # milliseconds, version, and a fraction of 1/4096
    assert stamps == sorted(stamps)
    assert len({stamp[15:] for stamp in stamps}) > 1


@pytest.mark.parametrize("name", ["objects", "do", "get", "evolve", "emit", "save", "signals"])
def test_reserved_name_used_by_an_event_is_a_definition_error(name: str) -> None:
    def method(self: Any) -> None:
        """Nothing."""

    method.__name__ = name
    with pytest.raises(ConfigurationError, match=rf"'{name}'.*objects, do, get, evolve.*model_"):
        type("Bad", (Entity,), {name: event(method), "__module__": __name__})


def test_reserved_name_used_by_a_mixin_is_a_definition_error() -> None:
    class Saving:
        def save(self) -> None:
            """Bypasses validation and freezing."""

    with pytest.raises(ConfigurationError, match="'save'"):

        class Bad(Saving, Entity):
            pass


def test_reserved_name_used_by_a_field_is_a_definition_error() -> None:
    with pytest.raises(ConfigurationError, match="'signals'"):

        class Bad(Entity):
            signals: int = 0


def test_reserved_name_of_pydantic_used_by_an_event_is_a_definition_error() -> None:
    with pytest.raises(ConfigurationError, match="model_"):

        class Bad(Entity):
            @event
            def model_dump(self) -> None:
                """Nothing."""


def test_other_names_for_fields_and_events_are_free() -> None:
    class Wide(Entity):
        count: int = 1
        list: int = 2
        items: int = 3
        create: int = 4
        owner: int = 5

        @event
        def actions(self) -> None:
            self.items += 1

        @event
        def update(self) -> None:
            self.list += 1

    wide = Wide()
    wide.actions()
    wide.update()
    assert (wide.count, wide.list, wide.items) == (1, 3, 4)


def test_computed_field_follows_the_commit() -> None:
    class Square(Entity):
        side: int = 1

        @computed_field  # type: ignore[prop-decorator]
        @property
        def area(self) -> int:
            return self.side**2

        @event
        def grow(self) -> None:
            self.side += 1

    square = Square()
    square.grow()
    assert square.area == 4
    assert public_state(square)["area"] == 4
    assert square.signals["area"] == 4
    assert str(Square.area_signal) == "$Square.area"


def test_computed_field_with_a_container_is_no_signal() -> None:
    class Listing(Entity):
        @computed_field  # type: ignore[prop-decorator]
        @property
        def rows(self) -> list[int]:
            return [1]

    assert "rows" not in Listing().signals
    assert public_state(Listing())["rows"] == [1]


def test_computed_field_with_a_secret_is_not_serialised() -> None:
    class Key(Entity):
        @computed_field  # type: ignore[prop-decorator]
        @property
        def value(self) -> SecretStr:
            return SecretStr("hunter2")

    assert "value" not in public_state(Key())
    assert "value" not in Key().signals


def test_private_fields_are_in_no_repr() -> None:
    class Holder(Entity):
        name: str = "x"
        code: str = OwnField(default="S3CR", private=True)
        more: str = OwnField(default="S3CR", exclude=True)

    for text in (repr(Holder()), str(Holder()), f"{Holder()}"):
        assert "name='x'" in text
        assert "S3CR" not in text
