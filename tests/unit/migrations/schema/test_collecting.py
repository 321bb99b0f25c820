"""Definitions of classes: what they have, and the ids that outlive renames."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from annotated_types import MaxLen
from pydantic import BaseModel, EmailStr
from pydantic import Field as PydanticField

from starmodel import Entity, Field
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import (
    FieldDefinition,
    Kept,
    Schema,
    from_json,
    to_json,
)
from unit.migrations.schema.declared import SUBJECTS, sql_types


def _entity(name: str, *, renamed_from: Any = None, **fields: Any) -> type[Entity]:
    body: dict[str, Any] = {"__module__": __name__, "__qualname__": f"<locals>.{name}"}
    body["__annotations__"] = {key: value[0] for key, value in fields.items()}
    body |= {key: value[1] for key, value in fields.items()}
    if renamed_from:
        body["model_config"] = {"renamed_from": renamed_from}
    return type(name, (Entity,), body)


def _schema(*classes: type[Entity], **options: Any) -> Schema:
    return collect(sql_types(*classes), **options)


def _field(annotation: Any, default: Any = ...) -> FieldDefinition:
    cls = _entity("Thing", value=(annotation, Field(default)))
    return _schema(cls).entity("Thing").field("value")


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__)
@pytest.mark.filterwarnings("ignore:This declarative base already contains")
def test_snapshot_as_json_and_back_is_the_same(subject: Any) -> None:
    schema = collect(sql_types(*subject()))
    assert from_json(to_json(schema)) == schema


@pytest.mark.parametrize(
    ("annotation", "bounds"),
    [
        (Annotated[int, Field(ge=1, lt=5)], {"ge": 1, "lt": 5}),
        (Annotated[str, MaxLen(3)] | None, {"max_length": 3}),
        (Annotated[Decimal, PydanticField(max_digits=5, gt=Decimal("0.5"))],
         {"max_digits": 5, "gt": "0.5"}),
        (Annotated[str, PydanticField(pattern="^a")], {"pattern": "^a"}),
        (Literal["a", "b"] | None, {"values": ["a", "b"]}),
        (EmailStr, {"format": "EmailStr"}),
        (Annotated[list[int], PydanticField(min_length=1)], {"min_length": 1}),
        (list[Annotated[int, Field(ge=1)]], {}),
        (int, {}),
    ],
)  # fmt: skip
def test_bounds_of_a_field_are_those_of_its_type(annotation: Any, bounds: Any) -> None:
    assert _field(annotation).bounds == bounds


class _Colour(enum.Enum):
    RED = "red"


class _Point(BaseModel):
    """A place."""

    x: int
    title: str = "a"


@pytest.mark.parametrize(
    ("annotation", "default", "json"),
    [
        (int, 5, 5),
        (Decimal, 0, "0"),
        (Decimal, Decimal("1.50"), "1.50"),
        (bytes, b"\xff", "_w=="),
        (datetime.date, datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.timedelta, datetime.timedelta(hours=1), "PT1H"),
        (float, float("inf"), "Infinity"),
        (_Colour, _Colour.RED, "RED"),
        (list[Decimal], [Decimal("1.1")], [{"$decimal": "1.1"}]),
        (_Point, _Point(x=1), {"x": 1, "title": "a"}),
        (str | None, None, None),
    ],
)
def test_default_of_a_field_is_json(annotation: Any, default: Any, json: Any) -> None:
    field = _field(annotation, default)
    assert (field.has_default, field.default) == (True, json)


def test_required_field_and_made_default_have_no_default() -> None:
    made = _field(list[int], PydanticField(default_factory=list).default)
    assert not _field(int).has_default
    assert not made.has_default
    assert _schema(_entity("Thing")).entity("Thing").field("id").default_factory


def test_shape_of_a_model_has_its_fields_and_no_prose() -> None:
    shape: Any = _field(_Point).shape
    assert shape["properties"] == {
        "x": {"type": "integer"}, "title": {"type": "string", "default": "a"},
    }  # fmt: skip
    assert "A place." not in str(shape)


def test_ids_are_those_of_the_names_at_first() -> None:
    schema = _schema(_entity("BlogPost", text=(str, "")))
    post = schema.entity("BlogPost")
    assert post.id == "blog_post"
    assert [field.id for field in post.fields] == ["blog_post.id", "blog_post.text"]


def test_ids_follow_declared_renames() -> None:
    before = _schema(_entity("Product", price=(int, 0)))
    changed = _entity("Article", renamed_from=["Good", "Product"],
                      cost=(int, Field(0, renamed_from=["sum", "price"])))  # fmt: skip
    article = _schema(changed, before=before).entity("Article")
    assert (article.id, article.field("cost").id) == ("product", "product.price")


def test_ids_follow_given_renames() -> None:
    before = _schema(_entity("Product", price=(int, 0), old=(int, 0)))
    changed = _entity("Article", old=(int, 0), price=(int, 0))
    renames = {"Product": "Article", "Product.price": "old", "Product.old": "price"}
    article = _schema(changed, before=before, renames=renames).entity("Article")
    assert (article.field("price").id, article.field("old").id) == ("product.old", "product.price")


def test_declared_rename_of_a_field_that_has_its_id_already_has_no_effect() -> None:
    before = _schema(_entity("Product", price=(int, 0), cost=(int, 0)))
    changed = _entity("Product", cost=(int, Field(0, renamed_from="price")))
    assert _schema(changed, before=before).entity("Product").field("cost").id == "product.cost"


def test_new_id_is_none_that_was_ever_taken() -> None:
    one = _schema(_entity("Product", price=(int, 0)))
    product = one.entity("Product")
    kept = Kept(migration="0002", name="_dropped_price", entity=product,
                field=product.field("price"))  # fmt: skip
    without = _schema(_entity("Product"), before=one).model_copy(update={"kept": (kept,)})

    again = _schema(_entity("Product", price=(str, "")), before=without)

    assert again.entity("Product").field("price").id == "product.price-2"
    assert again.kept == (kept,)


def test_renamed_field_leaves_its_id_to_no_new_field_of_its_old_name() -> None:
    before = _schema(_entity("Product", price=(int, 0)))
    changed = _entity("Product", cost=(int, 0), price=(str, ""))
    product = _schema(changed, before=before, renames={"Product.price": "cost"}).entity("Product")
    assert product.field("cost").id == "product.price"
    assert product.field("price").id == "product.price-2"


def test_table_of_another_program_stays_external() -> None:
    customer = _entity("Customer", email=(str, ""))
    before = _schema(customer, external=["customer"])
    assert before.entity("Customer").external
    assert not before.entity("Customer").versioned
    assert _schema(customer, before=before).entity("Customer") == before.entity("Customer")
