"""`Entity, SQLModel, table=True`: frozen, drafted and validated like other entity types."""

from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest
import sqlalchemy
import sqlmodel
from pydantic import BaseModel, ValidationError, field_validator
from sqlmodel import SQLModel

from starmodel.core.changes.copies import Lease
from starmodel.core.changes.drafts import Facts, close_draft, open_draft, reads_of
from starmodel.core.changes.patches import apply, diff
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, FrozenEntityError, InvalidStateError
from starmodel.core.events import event
from starmodel.core.fields.field import Field
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import stored, version_of


class _Place(BaseModel):
    city: str = "Rome"


class _Shop(Entity, SQLModel, table=True):
    name: str = Field(max_length=20, index=True)
    code: str | None = Field(None, unique=True)
    stock: int = 0
    tags: list[str] = Field(default_factory=list)
    place: _Place = Field(default_factory=_Place)
    places: list[_Place] = Field(default_factory=list)
    data: dict[str, Any] = Field(default_factory=dict)
    hashed_password: str = Field("", private=True)

    @field_validator("stock")
    @classmethod
    def _positive(cls, value: int) -> int:
        if value < 0:
            raise ValueError("must not be negative")
        return value

    @event
    def adjust(self, delta: int) -> None:
        self.stock += delta
        self.tags.append(str(delta))


class _Numbered(Entity, SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    shop: str = Field("", foreign_key="_shop.id")


class _Keyed(Entity, SQLModel, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)


class _Sqlmodels(Entity, SQLModel, table=True):
    id: int | None = sqlmodel.Field(default=None, primary_key=True)
    name: str = sqlmodel.Field("", max_length=5)


class _OwnKey(Entity, SQLModel, table=True):
    sku: str = Field(primary_key=True)


class _Base(Entity, SQLModel):
    made: str = ""
    rows: list[int] = Field(default_factory=list)


class _Derived(_Base, table=True):
    more: dict[str, int] = Field(default_factory=dict)


def _columns(cls: Any) -> dict[str, Any]:
    return dict(cls.__table__.columns.items())


def test_table_of_an_entity_has_a_column_per_field_and_json_where_needed() -> None:
    columns = _columns(_Shop)
    assert list(columns) == list(_Shop.__pydantic_fields__)
    json = {name for name, column in columns.items() if isinstance(column.type, sqlalchemy.JSON)}
    assert json == {"tags", "place", "places", "data"}
    assert columns["name"].index
    assert columns["name"].type.length == 20
    assert columns["code"].unique
    assert columns["code"].nullable


def test_table_undeclared_key_is_id() -> None:
    assert [c.name for c in _Shop.__table__.primary_key] == ["id"]
    assert [c.name for c in _Derived.__table__.primary_key] == ["id"]


def test_table_with_a_primary_key_retains_it() -> None:
    for cls, kind in ((_Numbered, int), (_Keyed, uuid.UUID), (_Sqlmodels, int)):
        (key,) = cls.__table__.primary_key
        assert (key.name, key.type.python_type) == ("id", kind)
    assert [c.name for c in _OwnKey.__table__.primary_key] == ["sku"]
    (foreign,) = _columns(_Numbered)["shop"].foreign_keys
    assert foreign.target_fullname == "_shop.id"


def test_table_definition_does_not_touch_the_fields_of_entity() -> None:
    assert not any(
        isinstance(item, sqlmodel.main.FieldInfoMetadata)
        for item in Entity.__pydantic_fields__["id"].metadata
    )


def test_table_class_has_the_sql_store_and_record_scope() -> None:
    made = entity_type(_Shop, "memory")
    assert (made.store, made.scope) == ("sql", "record")


def test_table_class_with_custom_store_error_names_sql() -> None:
    class _Literal(Entity, SQLModel, table=True):
        model_config = {"store": "custom"}

    with pytest.raises(ConfigurationError, match="'sql', since its class is a table"):
        entity_type(_Literal, "memory")


def test_table_class_validates_where_sqlmodel_alone_would_not() -> None:
    for make in (
        lambda: _Shop(name="x", stock=-1),
        lambda: _Shop(stock=1),
        lambda: _Shop.model_validate({"name": "x", "stock": "many"}),
        lambda: _Shop(name="x" * 21),
        lambda: _Shop(name="x").evolve(stock=-1),
    ):
        with pytest.raises(ValidationError):
            make()
    assert _Shop(name="x", stock="3", place={"city": "Oslo"}).place == _Place(city="Oslo")


@pytest.mark.parametrize(
    "make",
    [
        lambda shop: shop, copy.copy, copy.deepcopy, lambda shop: shop.evolve(stock=2),
        lambda shop: _Shop.model_validate({"name": "x"}), lambda shop: stored(shop, 1),
        lambda shop: _Shop.model_construct(name="x"), lambda shop: shop.model_copy(),
    ],
    ids=["made", "copy", "deepcopy", "evolve", "validate", "stored", "construct", "model_copy"],
)  # fmt: skip
def test_table_snapshot_rejects_assignment(make: Any) -> None:
    shop = make(_Shop(name="x"))
    with pytest.raises(FrozenEntityError):
        shop.stock = 5
    with pytest.raises(FrozenEntityError):
        shop.sqlmodel_update({"stock": 5})
    assert shop.name == "x"


def test_table_event_in_place_is_all_or_nothing() -> None:
    shop = _Shop(name="x", stock=1)
    shop.adjust(2)
    with pytest.raises(InvalidStateError, match="stock: Value error, must not be negative"):
        shop.adjust(-9)
    assert (shop.stock, shop.tags) == (3, ["2"])
    with pytest.raises(FrozenEntityError, match="dispatch"):
        stored(shop, 1).adjust(1)


@pytest.mark.parametrize("lease", [None, Lease()])
def test_table_draft_shares_nothing_and_validates_nested_models(lease: Lease | None) -> None:
    shop = stored(_Shop(name="x", places=[_Place()], data={"a": [1]}), 4)
    draft = open_draft(shop, Facts(), lease)
    draft.places[0].city = "Oslo"
    draft.data["a"].append(2)
    made = close_draft(draft)
    assert type(made) is _Shop
    assert version_of(made) == 4
    assert (shop.places[0].city, shop.data) == ("Rome", {"a": [1]})
    assert diff(shop, made).fields == {"places", "data"}
    assert apply(diff(shop, made), shop) == made
    draft.places[0].city = 5
    with pytest.raises(InvalidStateError, match="places"):
        close_draft(draft)


def test_table_draft_with_a_lease_records_reads() -> None:
    draft = open_draft(_Shop(name="x"), Facts(), Lease())
    draft.stock += 1
    assert reads_of(draft) == {"stock"}
    assert close_draft(draft).stock == 1


def test_table_private_field_is_absent_from_the_public_state() -> None:
    shop = _Shop(name="x", hashed_password="hidden")
    assert "hashed_password" not in public_state(shop)
    assert set(shop.signals) == {"id", "name", "code", "stock"}
    assert shop.hashed_password == "hidden"


def test_table_class_attributes_stay_columns_beside_signals() -> None:
    assert str(_Shop.stock_signal) == "$_Shop.stock"
    assert isinstance(_Shop.stock, sqlalchemy.orm.InstrumentedAttribute)
