"""Rolling deploys in which a renamed field gets another type: triggers convert both ways."""

from __future__ import annotations

import enum
from typing import Any, Literal

import pytest

from integration.migrations.changing import execute, query, read_rows
from integration.migrations.test_rolling import Rolling
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.steps.values import UNSET


class Colour(enum.Enum):
    RED = "red"
    BLUE = "it's blue"


def with_field(**annotations: Any) -> type[Entity]:
    """A class with fields that are optional."""
    namespace: dict[str, Any] = {
        "__module__": __name__, "model_config": {"store": "sql"},
        "__annotations__": {name: kind | None for name, kind in annotations.items()},
        **dict.fromkeys(annotations),
    }  # fmt: skip
    return type("Product", (Entity,), namespace)


def rolling(old: Any, new: Any, on_error: Any = UNSET) -> Rolling:
    answers = Answers(renames={"Product.old": "new"}, conversions={"Product.new": on_error})
    return Rolling([with_field(old=old)], [with_field(new=new)], answers)


PAIRS: list[tuple[Any, Any, list[tuple[Any, Any]], list[tuple[Any, Any]]]] = [
    # Shapes: types, then (old, new) for values that an old process writes, and a new one.
    (int, str, [(0, "0"), (-12, "-12"), (2**62, str(2**62))],
     [(7, "7"), (None, "seven"), (None, "07"), (None, "7\n"), (None, ""), (-1, "-1")]),
    (str, int, [("7", 7), ("-12", -12), ("x", None), ("", None), ("1.0", None), ("9" * 30, None)],
     [("0", 0), ("-5", -5)]),
    (bool, int, [(True, 1), (False, 0)], [(True, 1), (None, 2)]),
    (int, bool, [(1, True), (0, False), (2, None)], [(1, True), (0, False)]),
    (int, float, [(3, 3.0), (-4, -4.0), (2**60, None)], [(3, 3.0), (None, 2.5), (None, 1e300)]),
    (float, int, [(2.0, 2), (2.5, None), (-1e300, None)], [(4.0, 4)]),
    (Colour, str, [("RED", "red"), ("BLUE", "it's blue")],
     [("BLUE", "it's blue"), (None, "IT'S BLUE"), (None, "RED")]),
    (str, Colour, [("red", "RED"), ("it's blue", "BLUE"), ("Red", None), ("", None)],
     [("red", "RED")]),
    (str, Literal["a", "b"], [("a", "a"), ("A", None)], [("b", "b")]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "by_old", "by_new"), PAIRS)
def test_triggers_convert_what_either_version_writes(
    url: str, old: Any, new: Any, by_old: list[Any], by_new: list[Any]
) -> None:
    made = rolling(old, new)
    made.up(url, "0001_first")
    fitting = [pair for pair in by_old if pair[1] is not None]
    rows = [{"id": f"a{n}", "old": pair[0]} for n, pair in enumerate(fitting)]
    made.insert(url, made.old, "Product", *rows, {"id": "none", "old": None})
    made.up(url)
    for prefix, name, pairs in (("b", "old", by_old), ("c", "new", by_new)):
        schema = made.old if name == "old" else made.new
        values = [pair[0] if name == "old" else pair[1] for pair in pairs]
        created = [{"id": f"{prefix}{n}", name: value} for n, value in enumerate(values)]
        made.insert(url, schema, "Product", *created)
        # An update of every row that was empty writes the same pairs.
        empty = [{"id": f"{prefix}{prefix}{n}", name: None} for n in range(len(values))]
        made.insert(url, schema, "Product", *empty)
        execute(
            url,
            *(
                f"UPDATE product SET {name} = (SELECT {name} FROM (SELECT * FROM product) AS p "  # noqa: S608
                f"WHERE p.id = '{prefix}{n}') WHERE id = '{prefix}{prefix}{n}'"
                for n in range(len(values))
            ),
        )
    between = made.files[1].schema
    found = {row["id"]: (row["old"], row["new"]) for row in read_rows(url, between, "Product")}
    expected = {"none": (None, None)}
    expected |= {f"a{n}": pair for n, pair in enumerate(fitting)}
    for prefix, pairs in (("b", by_old), ("c", by_new)):
        expected |= {
            f"{start}{n}": p for start in (prefix, prefix * 2) for n, p in enumerate(pairs)
        }
    assert found == expected

    made.up(url, contract=True)
    rows = read_rows(url, made.new, "Product")
    assert {row["id"]: row["new"] for row in rows} == {id: pair[1] for id, pair in expected.items()}
    made.down(url, "0001_first")
    rows = read_rows(url, made.old, "Product")
    assert {row["id"]: row["old"] for row in rows} == {id: pair[0] for id, pair in expected.items()}


def test_values_that_triggers_can_not_convert_stop_the_migration(url: str) -> None:
    made = rolling(str, int)
    made.up(url, "0001_first")
    rows = [{"id": f"a{n:02d}", "old": f"x{n}"} for n in range(12)]
    made.insert(url, made.old, "Product", *rows, {"id": "b", "old": "5"})
    with pytest.raises(MigrationError) as refused:
        made.up(url)
    text = str(refused.value)
    assert "0002_expand can't run, and nothing was changed:" in text
    assert "Product.new, 12 rows: no whole number that a trigger converts exactly: 'x0' in" in text
    assert "--convert Product.new=VALUE" in text
    assert read_rows(url, made.old, "Product")[0] == rows[0]


def test_value_of_convert_stands_for_what_does_not_fit(url: str) -> None:
    made = rolling(str, int, on_error=-1)
    made.up(url, "0001_first")
    made.insert(url, made.old, "Product", {"id": "a", "old": "x"}, {"id": "b", "old": "5"})
    made.up(url)
    made.insert(url, made.old, "Product", {"id": "c", "old": "y"}, {"id": "d", "old": None})
    execute(url, "UPDATE product SET old = 'z' WHERE id = 'b'")
    found = query(url, "SELECT id, old, new FROM product ORDER BY id")
    assert found == [("a", "x", -1), ("b", "z", -1), ("c", "y", -1), ("d", None, None)]


def test_required_fields_keep_the_values_of_both_versions(url: str) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        code: int = Field(default=7, ge=0, index=True)

    old = Product

    class Product(Entity):  # type: ignore[no-redef]
        model_config = {"store": "sql"}
        label: str = Field(default="7", max_length=8, index=True)

    made = Rolling([old], [Product], Answers(renames={"Product.code": "label"}))
    made.up(url, "0001_first")
    made.insert(url, made.old, "Product", *({"id": f"a{n:03d}", "code": n} for n in range(700)))
    made.up(url)
    made.insert(url, made.new, "Product", {"id": "b", "label": "8"})
    execute(url, "UPDATE product SET label = '9' WHERE id = 'a001'")
    execute(url, "UPDATE product SET code = 10 WHERE id = 'a002'")
    assert query(url, "SELECT COUNT(*) FROM product WHERE label IS NULL OR code IS NULL") == [(0,)]
    made.up(url, contract=True)
    rows = {row["id"]: row["label"] for row in read_rows(url, made.new, "Product")}
    expected = {f"a{n:03d}": str(n) for n in range(700)}
    assert rows == {**expected, "a001": "9", "a002": "10", "b": "8"}
