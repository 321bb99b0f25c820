"""What each change means for processes of the old version, in one migration and in two."""

from __future__ import annotations

import pytest

from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.rolling.effects import effects, lines
from starmodel.migrations.schema.definitions import Schema
from unit.migrations.schemas import FieldModel, answered, entity, schema_of

NAME = FieldModel("name")


def product(*fields: FieldModel, name: str = "Product", **more: object) -> Schema:
    model = entity("Product", NAME, *fields, **more)  # type: ignore[arg-type]
    model.name = name
    return schema_of(model={"product": model})


def texts(before: Schema, after: Schema, *, rolling: bool, database: str = "") -> list[str]:
    changes = compare(before, after)
    found = effects(changes, answered(changes), rolling=rolling, database=database)
    return [f"{'! ' if effect.breaks else ''}{effect.text}" for effect in found]


@pytest.mark.parametrize(
    ("before", "after", "at_once", "rolling"),
    [
        ([], [FieldModel("note", nullable=True)],
         "don't see Product.note; what they create has none",
         "don't see Product.note; what they create has none"),
        ([], [FieldModel("colour", default="blue")],
         "! can't create Product: its new column needs a value",
         "don't see Product.colour; what they create has 'blue'"),
        ([FieldModel("old")], [],
         "! fail to read and write Product: they need Product.old",
         "! keep using Product.old, but read None in it where the new version created"),
        ([FieldModel("old", default="x")], [],
         "! fail to read and write Product: they need Product.old",
         "keep using Product.old; what the new version creates has 'x'"),
        ([FieldModel("price", "int")], [FieldModel("price", "str")],
         "! fail to read and write Product.price: its column gets another type",
         "! fail to read and write Product.price: its column gets another type. With another name, "
         "by --rename Product.price=NEW, triggers convert its values"),
        ([FieldModel("price", "short")], [FieldModel("price", "str")], None, None),
        ([FieldModel("price", nullable=True)], [FieldModel("price")],
         "! fail to store None in Product.price",
         "may store None in Product.price until --contract"),
        ([FieldModel("price")], [FieldModel("price", nullable=True)],
         "! may read None in Product.price, which they don't expect",
         "! may read None in Product.price, which they don't expect"),
        ([FieldModel("state", members=["new"])], [FieldModel("state", members=["new", "sold"])],
         "! can't change what has 'sold' as Product.state",
         "! can't change what has 'sold' as Product.state"),
        ([FieldModel("sku")], [FieldModel("sku", unique=True)],
         "! get an error where they violate that Product requires now: sku is unique",
         "may store what violates it: Product requires from --contract on that sku is unique"),
        ([FieldModel("sku", unique=True)], [FieldModel("sku")], None, None),
        ([FieldModel("sku")], [FieldModel("sku", indexed=True)], None, None),
    ],
)  # fmt: skip
def test_change_says_what_old_processes_experience(
    before: list[FieldModel], after: list[FieldModel], at_once: str | None, rolling: str | None
) -> None:
    schemas = product(*before), product(*after)
    assert texts(*schemas, rolling=False) == ([] if at_once is None else [at_once])
    assert texts(*schemas, rolling=True) == ([] if rolling is None else [rolling])


def test_new_unique_field_has_no_default_for_all_rows() -> None:
    schemas = product(), product(FieldModel("sku", default="a", unique=True))
    assert texts(*schemas, rolling=True) == [
        "! leave Product.sku empty in what they create, which is required",
        "may store what violates it: Product requires from --contract on that sku is unique",
    ]


def test_renamed_field_is_mirrored_in_a_rolling_deploy_only() -> None:
    before, after = product(FieldModel("price", "int")), product(FieldModel("price", "int"))
    fields = list(after.entities[0].fields)
    fields[-1] = fields[-1].model_copy(update={"name": "cost", "column": "cost"})
    after = Schema(entities=(after.entities[0].model_copy(update={"fields": tuple(fields)}),))
    broken = ["! fail to read and write Product: they need Product.price"]
    assert texts(before, after, rolling=False) == broken
    assert texts(before, after, rolling=True) == [
        "keep using Product.price; triggers keep it equal to cost"
    ]


def test_renamed_table_is_a_view_where_the_database_can() -> None:
    schemas = product(), product(name="Article")
    live = "and the new ones don't show each other's changes of Product live"
    remedy = 'its table is article now. To avoid that, keep the table by __tablename__ = "product"'
    assert texts(*schemas, rolling=False) == [
        live, f"! fail to read and write Product: {remedy}",
    ]  # fmt: skip
    assert texts(*schemas, rolling=True, database="postgresql") == [
        live, "find the table product as a view, at the moment of renaming not at all",
    ]  # fmt: skip
    assert texts(*schemas, rolling=True, database="sqlite") == [
        live,
        f"! fail to read and write Product on SQLite, where no view can stand for it: {remedy}",
    ]


def test_lines_end_with_the_remedy() -> None:
    changes = compare(product(FieldModel("old")), product())
    found = effects(changes, answered(changes))
    assert lines(found, rolling=False) == [
        "Processes that still run the old version:",
        "- They fail to read and write Product: they need Product.old.",
        "On a server, stop them before starmodel db upgrade. For a rolling deploy, write it in two parts: "  # noqa: E501
        "starmodel migrate --rolling",
    ]
    assert lines([], rolling=False) == []
