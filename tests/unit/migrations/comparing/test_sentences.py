"""What each change says, and what has to be asked about it."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.matching import carry_ids
from starmodel.migrations.comparing.plan import UnplannableError, plan
from starmodel.migrations.comparing.questions import Question, open_questions
from starmodel.migrations.comparing.values import ValueMismatchError, parse_value
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps import (
    AddField,
    AddParts,
    ChangeField,
    DropField,
    RenameEntity,
    RenameField,
    ReplaceValues,
    SplitField,
)
from unit.migrations.schemas import VALUES, FieldModel, answered, entity, schema_of

NAME = FieldModel("name")
ADDRESS = {
    "$ref": "#/$defs/Address",
    "$defs": {
        "Address": {
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            "required": ["street", "city"],
        }
    },
}


def product(*fields: FieldModel, **more: Any) -> Schema:
    return schema_of(entity("Product", NAME, *fields, **more))


def said(before: Schema, after: Schema, answers: Answers | None = None) -> list[str]:
    return compare(before, after).sentences(answers or Answers())


def asked(before: Schema, after: Schema, answers: Answers | None = None) -> list[Question]:
    return open_questions(compare(before, after), answers or Answers())


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ([], [FieldModel("colour", default="blue")],
         "Add Product.colour (text, 'blue' for the rows that exist)."),
        ([], [FieldModel("price", "decimal", nullable=True)],
         "Add Product.price (decimal number, empty for the rows that exist)."),
        ([FieldModel("old")], [],
         "Remove Product.old; its values are kept aside until starmodel migrate --purge."),
        ([FieldModel("size", "int")], [FieldModel("size", "decimal")],
         "Change Product.size from whole number to decimal number."),
        ([FieldModel("size")], [FieldModel("size", nullable=True)],
         "Let Product.size be empty."),
        ([FieldModel("size")], [FieldModel("size", indexed=True)],
         "Add the index of Product on size."),
        ([FieldModel("size")], [FieldModel("size", unique=True)],
         "Require of Product that size is unique."),
        ([FieldModel("size", bounds={"ge": 1})], [FieldModel("size", bounds={"ge": 2})],
         "Check Product.size by ge 2 (was 1); stored records don't change."),
        ([FieldModel("size", default="a")], [FieldModel("size", default="b")],
         "Give new records 'b' as Product.size; stored records don't change."),
        ([FieldModel("state", members=["new"])], [FieldModel("state", members=["new", "sold"])],
         "Let Product.state also be 'sold'."),
        ([FieldModel("size", comment="in cm")], [FieldModel("size")],
         "Change the comment of the column of Product.size."),
        ([FieldModel("address", "json", shape={"type": "object"})],
         [FieldModel("address", "json", shape={"type": "array"})],
         "Change the shape of Product.address."),
    ],
)  # fmt: skip
def test_change_says_itself(
    before: list[FieldModel], after: list[FieldModel], sentence: str
) -> None:
    assert said(product(*before), product(*after)) == [sentence]


def test_ttl_and_table_comment_say_themselves() -> None:
    assert said(product(), product(can_expire=True, comment="Sold")) == [
        "Let rows of Product expire.",
        "Change the comment of the table of Product.",
    ]


@pytest.mark.parametrize(
    "change",
    [{"bounds": {"ge": 2}}, {"default": "b"}, {"members": ["a", "b"]}],
)
def test_what_only_the_class_checks_needs_no_step(change: dict[str, Any]) -> None:
    before = product(FieldModel("size", members=["a"] if "members" in change else None))
    changes = compare(before, product(FieldModel("size", **change)))

    assert len(changes) == 1
    assert not changes.in_database
    assert plan(changes, Answers(), "0002_x").steps == ()


def test_renaming_is_asked_and_never_guessed() -> None:
    before, after = product(FieldModel("price", "int")), product(FieldModel("amount", "decimal"))
    (removed, fill) = asked(before, after)

    assert removed.text == (
        "Product.price (whole number) is gone, and amount is new. Was it renamed?"
    )
    assert removed.flags == [
        ("--rename Product.price=amount", "it is amount now"),
        ("--drop Product.price", "it is removed; its data is kept aside"),
    ]
    assert fill.ref == "Product.amount"


def test_answered_renaming_keeps_the_id_and_the_type_change() -> None:
    before, after = product(FieldModel("price", "int")), product(FieldModel("amount", "decimal"))
    changes = compare(before, carry_ids(before, after, {"Product.price": "amount"}))

    assert changes.sentences() == [
        "Rename Product.price to amount.",
        "Change Product.amount from whole number to decimal number.",
    ]
    steps = plan(changes, answered(changes), "0002_x").steps
    assert steps[0] == RenameField("Product", "price", "amount")
    assert isinstance(steps[1], ChangeField)


def test_renamed_from_is_a_renaming() -> None:
    before = product(FieldModel("price", "int", indexed=True))
    after = product(FieldModel("amount", "int", indexed=True, more={"renamed_from": ("price",)}))

    assert said(before, carry_ids(before, after)) == [
        "Rename Product.price to amount.",
        "Rename the index ix_product_price to ix_product_amount.",
    ]


def test_renamed_class_keeps_its_fields_and_what_refers_to_it() -> None:
    order = entity("Order", FieldModel("product", target="product"))
    before = schema_of(entity("Product", NAME, FieldModel("price")), order)
    order = entity("Order", FieldModel("product", target="article"))
    after = schema_of(entity("Article", NAME, FieldModel("price")), order)

    (question,) = asked(before, after)
    assert question.flags[0] == ("--rename Product=Article", "it is Article now")

    changes = compare(before, carry_ids(before, after, {"Product": "Article"}))
    assert changes.sentences() == ["Rename Product to Article; its table product becomes article."]
    assert plan(changes, Answers(), "0002_x").steps == (RenameEntity("Product", "Article"),)


def test_removed_class_without_a_likely_new_name_is_dropped_on_confirmation() -> None:
    before = schema_of(entity("Product", NAME), entity("Note", FieldModel("text", "json")))
    (question,) = asked(before, product())

    assert question.text == "The class Note is gone. Remove it?"
    assert question.flags == [("--drop Note", "it is removed; its data is kept aside")]


def test_split_of_a_nested_model_copies_its_parts_before_it_is_dropped() -> None:
    before = product(FieldModel("address", "json", shape=ADDRESS))
    after = product(FieldModel("address_street"), FieldModel("city"))
    question = asked(before, after)[0]
    assert ("--split Product.address", "its parts are in address_street and city now") in (
        question.flags
    )

    answers = Answers(splits={"Product.address": {}})
    changes = compare(before, after)
    assert open_questions(changes, answers) == []
    made = plan(changes, answers, "0007_split")
    assert made.steps == (
        AddField("Product", "address_street"),
        AddField("Product", "city"),
        SplitField("Product", "address", {"address_street": "street", "city": "city"}),
        DropField("Product", "address"),
    )
    assert [kept.name for kept in made.schema.kept] == ["_dropped_address_7"]


def test_split_of_an_optional_model_asks_for_values_of_rows_without_it() -> None:
    before = product(FieldModel("address", "json", nullable=True, shape=ADDRESS))
    after = product(FieldModel("street"), FieldModel("city", nullable=True))

    questions = asked(before, after, Answers(splits={"Product.address": {}}))
    assert [question.ref for question in questions] == ["Product.street"]


def test_required_field_asks_for_a_value() -> None:
    (question,) = asked(product(), product(FieldModel("colour")))

    assert question.text == (
        "Product.colour is new and required. Which value do the rows that exist get?"
    )
    assert question.flags == [("--fill Product.colour=VALUE", "text")]
    answers = Answers(fills={"Product.colour": "blue"})
    changes = compare(product(), product(FieldModel("colour")))
    assert open_questions(changes, answers) == []
    assert plan(changes, answers, "0002_x").steps == (AddField("Product", "colour", "blue"),)


def test_unique_field_asks_for_one_value_with_a_warning() -> None:
    (question,) = asked(product(), product(FieldModel("code", unique=True)))
    assert "It is unique, so one value fits one row." in question.text

    (question,) = asked(product(), product(FieldModel("code", "uuid", unique=True)))
    assert question.flags == [("--fill Product.code=uuid()", "UUID, or uuid()")]
    assert "unique" not in question.text


def test_default_of_the_class_replaces_none_in_a_field_that_becomes_required() -> None:
    before, after = FieldModel("size", nullable=True), FieldModel("size", default="M")
    changes = compare(product(before), product(after))

    assert open_questions(changes, Answers()) == []
    assert "Require Product.size; rows without a value get 'M'." in changes.sentences()
    assert plan(changes, Answers(), "0002_x").steps == (ChangeField("Product", "size", fill="M"),)


def test_type_that_may_not_fit_is_asked() -> None:
    before, after = product(FieldModel("size")), product(FieldModel("size", "int"))
    (question,) = asked(before, after)

    assert [flag for flag, _ in question.flags] == [
        "--convert Product.size",
        "--convert Product.size=VALUE",
    ]
    answers = Answers(conversions={"Product.size": 0})
    assert plan(compare(before, after), answers, "0002_x").steps == (
        ChangeField("Product", "size", on_error=0),
    )


@pytest.mark.parametrize("kind", ["str", "enum"])
def test_removed_member_is_replaced_before_the_type_changes(kind: str) -> None:
    before = product(FieldModel("state", kind, members=["new", "old"]))
    after = product(FieldModel("state", kind, members=["new"]))
    (question,) = asked(before, after)

    assert [flag for flag, _ in question.flags] == [
        "--replace Product.state.old=new",
        "--unused Product.state.old",
    ]
    answers = Answers(replacements={"Product.state": {"old": "new"}})
    assert plan(compare(before, after), answers, "0002_x").steps == (
        ReplaceValues("Product", "state", {"old": "new"}),
        ChangeField("Product", "state"),
    )


def test_new_required_part_of_json_is_asked_and_added() -> None:
    inner = ADDRESS["$defs"]["Address"]  # type: ignore[index]
    old = {**inner, "properties": {"street": {"type": "string"}}, "required": ["street"]}
    before = product(FieldModel("address", "json", shape=old))
    after = product(FieldModel("address", "json", shape=ADDRESS))
    (question,) = asked(before, after)
    assert question.flags == [("--fill Product.address.city=VALUE", "JSON")]

    answers = Answers(fills={"Product.address.city": "Rome"})
    (step,) = plan(compare(before, after), answers, "0002_x").steps
    assert step == ChangeField("Product", "address", convert=AddParts({"city": "Rome"}))
    assert step.convert is not None
    assert step.convert({"street": "Via 1"}) == {"city": "Rome", "street": "Via 1"}
    assert step.convert({"city": "Oslo"}) == {"city": "Oslo"}


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_value_of_each_kind_is_read(kind: str) -> None:
    field = product(FieldModel("x", kind)).entity("Product").field("x")
    text = {"json": "{}", "bool": "true"}.get(kind, str(VALUES[kind]))

    assert parse_value(field, text) == VALUES[kind]


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (FieldModel("x", "int"), "ten", "expected whole number"),
        (FieldModel("x", "int", bounds={"ge": 1}), "0", "greater than or equal to 1"),
        (FieldModel("x", members=["a", "b"]), "c", "expected one of a or b"),
        (FieldModel("x", "enum", members=["RED"]), "blue", "expected one of RED"),
        (FieldModel("x", "json", shape={"type": "array"}), "{}", "expected a JSON array"),
        (FieldModel("x", "json"), "{", "expected JSON"),
        (FieldModel("x", "decimal", bounds={"max_digits": 3}), "1.2345", "decimal number"),
        (FieldModel("x"), "x" * 200_000, "at most 100,000 characters"),
    ],
)
def test_value_that_does_not_fit_says_what_is_expected(
    field: FieldModel, text: str, expected: str
) -> None:
    definition = product(field).entity("Product").field("x")

    with pytest.raises(ValueMismatchError, match=expected):
        parse_value(definition, text)


def test_functions_are_values_of_fitting_fields() -> None:
    made = product(FieldModel("x", "uuid"), FieldModel("y")).entity("Product")

    assert callable(parse_value(made.field("x"), "uuid()"))
    with pytest.raises(ValueMismatchError, match=r"uuid\(\) is for fields of the type uuid"):
        parse_value(made.field("y"), "uuid()")


def test_another_primary_key_is_refused_with_the_alternative() -> None:
    before = product()
    after = before.model_copy(
        update={
            "entities": tuple(
                each.model_copy(update={"primary_key": ("id", "name")}) for each in before
            )
        }
    )
    with pytest.raises(
        UnplannableError, match=r"from id to id and name\. .*class with the new key.*RunData"
    ):
        plan(compare(before, after), Answers(), "0002_x")
