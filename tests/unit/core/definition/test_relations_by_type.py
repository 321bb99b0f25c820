"""Fields whose type is an entity: they become relations with foreign keys."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from starmodel import ConfigurationError, Entity, Field, Relationship
from starmodel.core.classes.foreign_keys import ForeignKey, foreign_keys
from starmodel.core.classes.registry import Registry
from starmodel.core.classes.relations import resolve
from starmodel.core.fields.field import options_of
from starmodel.core.fields.relations import relations_of


class _Buyer(Entity):
    name: str = ""


class _Number(Entity):
    id: int | None = None


class _Sale(Entity):
    buyer: _Buyer
    payer: _Buyer | None
    parent: _Sale | None = None
    lines: list[_Line]


class _Line(Entity):
    sale: _Sale = Field(ondelete="CASCADE", title="Of the sale")
    number: _Number | None = None


def test_relation_adds_an_indexed_foreign_key_at_its_place() -> None:
    assert list(_Sale.__pydantic_fields__) == ["id", "buyer_id", "payer_id", "parent_id"]
    assert list(foreign_keys(_Sale)) == [
        ForeignKey("buyer_id", "_buyer", "id", "RESTRICT"),
        ForeignKey("payer_id", "_buyer", "id", "RESTRICT"),
        ForeignKey("parent_id", "_sale", "id", "RESTRICT"),
    ]
    assert options_of(_Sale.__pydantic_fields__["buyer_id"]).sql["index"] is True
    assert _Sale.__entity__.fields["buyer_id"].title == "Buyer"


def test_optional_relation_has_an_optional_foreign_key() -> None:
    assert _Sale.__pydantic_fields__["buyer_id"].is_required()
    assert _Sale.__pydantic_fields__["payer_id"].default is None
    assert _Sale(buyer_id="b").parent_id is None


def test_foreign_key_has_the_type_of_the_other_id() -> None:
    assert _Line.__pydantic_fields__["number_id"].annotation == (int | None)


def test_arguments_of_field_are_those_of_the_foreign_key() -> None:
    assert next(foreign_keys(_Line)).rule == "CASCADE"
    assert _Line.__entity__.fields["sale_id"].title == "Of the sale"


def test_list_of_a_class_defined_later_is_the_other_side() -> None:
    known = {cls.__name__: cls for cls in (_Buyer, _Number, _Sale, _Line)}
    found = resolve(_Sale, relations_of(_Sale)["lines"], known)
    assert (found.target, found.local, found.remote, found.many) == (_Line, "id", "sale_id", True)


def test_declared_foreign_key_keeps_its_type_and_default() -> None:
    class Order(Entity):
        buyer: _Buyer | None = None
        buyer_id: str = "nobody"

    assert Order().buyer_id == "nobody"
    assert [key.table for key in foreign_keys(Order)] == ["_buyer"]


def test_declared_foreign_key_keeps_its_own_rule() -> None:
    class Order(Entity):
        buyer: _Buyer
        buyer_id: str = Field(foreign_key="_buyer.id", ondelete="CASCADE")

    class Invoice(Entity):
        buyer: _Buyer
        buyer_id: Annotated[str, Field(foreign_key="_buyer.id", ondelete="CASCADE")]

    for cls in (Order, Invoice):
        assert [key.rule for key in foreign_keys(cls)] == ["CASCADE"]


def test_inherited_relation_keeps_its_foreign_key() -> None:
    class Order(_Sale):
        note: str = ""

    assert "buyer_id" in Order.__pydantic_fields__
    assert relations_of(Order).keys() == {"buyer", "payer", "parent", "lines"}


def test_constructor_takes_the_record_of_a_relation() -> None:
    ann = _Buyer(name="Ann")
    assert _Sale(buyer=ann, payer=None).buyer_id == ann.id
    assert _Sale(buyer=ann).evolve(payer=ann).payer_id == ann.id


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"buyer": "b1"}, r"buyer='b1'; expected a record. Pass its id as buyer_id"),
        ({"buyer": _Buyer(), "buyer_id": "b1"}, "both 'buyer' and 'buyer_id'"),
    ],
)
def test_what_is_no_record_is_rejected(given: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        _Sale(**given)


def test_model_without_an_id_stays_a_value() -> None:
    class Place(BaseModel):
        town: str = ""

    class Shop(Entity):
        at: Place = Place()
        others: list[Place] = []

    assert list(Shop.__pydantic_fields__) == ["id", "at", "others"]


class _Parcel(Entity):
    parts: list[_Part] = []


class _Part(BaseModel):
    n: int = 0


def test_model_defined_after_the_class_is_reported_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"_Parcel\.parts .* defined before the class"):
        _resolve_all(_Parcel)


class _Ticket(Entity):
    seat: _Seat


class _Seat(Entity):
    id: int | None = None


def test_key_of_another_type_than_the_id_of_a_later_class_is_reported_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"_Ticket\.seat .* Define _Seat before _Ticket"):
        _resolve_all(_Ticket, _Seat)


class _Post(Entity):
    tags: list[_Tag]


class _Tag(Entity):
    posts: list[_Post]


class _PostTag(Entity):
    post: _Post
    tag: _Tag


class _Favourite(Entity):
    post: _Post
    tag: _Tag


def test_class_with_a_key_to_both_sides_joins_many_to_many() -> None:
    found = _resolve_all(_Post, _Tag, _PostTag)
    assert (found["tags"].link, found["tags"].link_remote) == (_PostTag, "tag_id")
    assert (found["posts"].link, found["posts"].link_local) == (_PostTag, "tag_id")


def test_several_classes_that_could_join_are_named() -> None:
    with pytest.raises(ConfigurationError, match="_PostTag, _Favourite each have foreign keys"):
        _resolve_all(_Post, _Tag, _PostTag, _Favourite)


def test_several_foreign_keys_are_named() -> None:
    class Buyer(Entity):
        sales: list[Sale] = Relationship()

    class Sale(Entity):
        buyer: Buyer
        payer: Buyer

    with pytest.raises(ConfigurationError, match=r"'buyer_id', 'payer_id'\. Name the one meant"):
        _resolve_all(Buyer, Sale)


def _resolve_all(*classes: type[Entity]) -> dict[str, Any]:
    registry = Registry(classes)
    known = {entity_type.name: entity_type.cls for entity_type in registry}
    return {
        name: resolve(cls, relation, known)
        for cls in classes
        for name, relation in relations_of(cls).items()
    }
