"""The order of migrations, several heads, and merging them."""

from __future__ import annotations

import re

import pytest

from starmodel.migrations.files.consistency import inconsistencies
from starmodel.migrations.files.merging import MergeConflictError, merged
from starmodel.migrations.files.order import OrderError, SeveralHeadsError, in_order
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps import AddField, CreateEntity, RunSql, Step
from unit.migrations.schemas import EntityModel, FieldModel, entity, schema_of


def file(id: str, *after: str, schema: Schema | None = None, steps: tuple[Step, ...] = ()):
    return MigrationFile(id, after, steps, schema or Schema(), "")


def product(*names: str | FieldModel) -> EntityModel:
    fields = [FieldModel(each) if isinstance(each, str) else each for each in names]
    return entity("Product", *fields)


def test_migrations_run_after_those_that_they_follow() -> None:
    files = [
        file("0003_c", "0002_b"),
        file("0001_a"),
        file("0002_b", "0001_a"),
        file("0010_d", "0003_c"),
    ]

    assert [each.id for each in in_order(files)] == ["0001_a", "0002_b", "0003_c", "0010_d"]


def test_missing_predecessor_is_named() -> None:
    with pytest.raises(OrderError, match=r"0002_b follows '0001_a'.*Restore 0001_a\.py"):
        in_order([file("0002_b", "0001_a")])


def test_circular_migrations_are_named() -> None:
    with pytest.raises(OrderError, match="0001_a and 0002_b follow each other"):
        in_order([file("0001_a", "0002_b"), file("0002_b", "0001_a"), file("0003_c", "0002_b")][:2])


def test_several_heads_are_explained() -> None:
    migrations = in_order([file("0001_a"), file("0002_b", "0001_a"), file("0002_c", "0001_a")])

    with pytest.raises(SeveralHeadsError, match=r"0002_b and 0002_c.*starmodel migrate --merge"):
        _ = migrations.newest


def test_independent_branches_are_combined() -> None:
    base = schema_of(product("name"))
    left = schema_of(product("name", "colour"))
    right = schema_of(product("name", FieldModel("size", indexed=True)), entity("Note"))
    migrations = in_order(
        [
            file("0001_a", schema=base),
            file("0002_b", "0001_a", schema=left),
            file("0002_c", "0001_a", schema=right),
            file("0003_m", "0002_b", "0002_c", schema=Schema()),
        ]
    )
    both = migrations.before(migrations["0003_m"])

    assert [field.name for field in both.entity("Product").fields] == [
        "id", "name", "colour", "size",
    ]  # fmt: skip
    assert [index.name for index in both.entity("Product").indexes] == ["ix_product_size"]
    assert both.has_entity("Note")


@pytest.mark.parametrize(
    ("left", "right", "conflict"),
    [
        ([product("name", "size")], [product("name", "size")], "both add Product.size"),
        ([product()], [product()], "both remove Product.name"),
        ([product()], [product(FieldModel("name", "int"))],
         "one removes Product.name, and the other changes it"),
        ([product(FieldModel("name", "int"))], [product(FieldModel("name", "date"))],
         "both change Product.name"),
        ([product("name"), entity("Note")], [product("name"), entity("Note")], "both add Note"),
        ([], [product("name", "x")], "one removes Product, and the other changes it"),
        ([], [product("name"), entity("Order", FieldModel("p", target="product"))],
         "one renames or removes product, to which Order refers"),
        ([product(FieldModel("name", unique=True))], [product(FieldModel("name", unique=True))],
         "both change a constraint of Product"),
    ],
)  # fmt: skip
def test_what_both_branches_change_is_a_conflict(
    left: list[EntityModel], right: list[EntityModel], conflict: str
) -> None:
    base = schema_of(product("name"))
    schemas = []
    for side in (left, right):
        known = {each.name.lower(): each for each in side}
        if "product" not in known and any(f.target for e in side for f in e.fields.values()):
            known["product"] = product("name")
        schemas.append(schema_of(model=known))

    with pytest.raises(MergeConflictError, match=re.escape(conflict)):
        merged(base, *schemas, ("0002_b", "0002_c"))


def test_renamed_class_conflicts_with_other_changes_of_it() -> None:
    base = schema_of(model={"product": product("name")})
    renamed = product("name")
    renamed.name = "Article"
    left, right = schema_of(model={"product": renamed}), schema_of(product("name", "size"))

    with pytest.raises(MergeConflictError, match="one renames Product, and the other changes it"):
        merged(base, left, right, ("0002_b", "0002_c"))


def test_steps_that_do_not_lead_to_the_snapshot_are_found() -> None:
    schema = schema_of(product("name"))
    create = CreateEntity("Product")

    assert inconsistencies(file("0001_a", schema=schema, steps=(create,)), Schema()) == []
    (missing,) = inconsistencies(file("0001_a", schema=schema), Schema())
    assert "Create Product (id and name)." in missing
    (unknown,) = inconsistencies(
        file("0001_a", schema=schema, steps=(create, AddField("Product", "x"))), Schema()
    )
    assert "step 2, AddField, names 'x'" in unknown
    assert (
        inconsistencies(file("0001_a", schema=schema, steps=(RunSql("SELECT 1"),)), Schema()) == []
    )
