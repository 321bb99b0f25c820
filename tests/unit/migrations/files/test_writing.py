"""Migration files: what is written is laid out as by a formatter, and read back unchanged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starmodel.migrations.files.folder import (
    MAX_SLUG_CHARS,
    name_of_changes,
    next_id,
    slug,
    write_new,
)
from starmodel.migrations.files.layout import quoted
from starmodel.migrations.files.loading import MigrationFileError, load_file, load_migrations
from starmodel.migrations.files.writing import migration_text
from starmodel.migrations.steps import (
    AddField,
    AddParts,
    ChangeField,
    CreateEntity,
    EndMirror,
    MirrorField,
    PurgeKept,
    RenameField,
    ReplaceValues,
    SplitField,
    Step,
    new_uuid,
)
from unit.migrations.schemas import FieldModel, entity, schema_of

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
SCHEMA = schema_of(
    entity("Product", FieldModel("name", default='it\'s """quoted""" \\ and größer\n'))
)
STEPS: list[Step] = [
    CreateEntity("Product"),
    RenameField("Product", "price", "unit_price"),
    AddField("Product", "colour", "blue"),
    AddField("Product", "token", new_uuid),
    AddField(
        "Product", "very_long_name_of_a_field", "a value that makes the line too long for one"
    ),
    ChangeField("Product", "address", convert=AddParts({"city": "Rome", "tags": ["a", None]})),
    ReplaceValues("Product", "state", {"old": "new", 'a "quoted" one': 1.5}),
    SplitField("Product", "address", {"address_street": "street", "address_postal_code": "zip"}),
    PurgeKept(("_dropped_price_2",)),
    MirrorField("Product", "price", "price_text", on_error="0"),
    EndMirror("Product", "price", "price_text"),
]


def written(folder: Path, steps: list[Step], about: str = "Add Product.colour") -> Path:
    text = migration_text(about, ["0001_first"], steps, SCHEMA, ["Add a. " * 20, "Add b."])
    return write_new(folder, next_id(["0001_first"], about), text)


def test_file_is_read_back_unchanged(tmp_path: Path) -> None:
    path = written(tmp_path / "migrations", STEPS)
    before = set(sys.modules)
    file = load_file(path)

    assert path.name == "0002_add_product_colour.py"
    assert (file.id, file.after) == ("0002_add_product_colour", ("0001_first",))
    assert file.steps == tuple(STEPS)
    assert file.schema == SCHEMA
    assert file.about == "Add Product.colour."
    assert set(sys.modules) == before


def test_layout_is_that_of_a_formatter(tmp_path: Path) -> None:
    path = written(tmp_path, STEPS)
    ruff = Path(sys.executable).with_name("ruff")
    made = subprocess.run(
        [ruff, "format", "--isolated", "--diff", path], capture_output=True, text=True, check=False
    )
    checked = subprocess.run(
        [ruff, "check", "--isolated", "--select", "E4,E7,E9,F,I", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert made.stdout == ""
    assert checked.returncode == 0, checked.stdout


def test_snapshot_has_one_field_per_line(tmp_path: Path) -> None:
    lines = written(tmp_path, STEPS).read_text().splitlines()

    (line,) = [line for line in lines if '"product.name"' in line]
    assert line.strip().startswith('{"id": "product.name", "name": "name", "column": "name"')


@pytest.mark.parametrize(
    "about", ['"""', 'ends with "', "back\\slash", "line\nbreak\x00", "", "Größe", "x" * 500]
)
def test_any_title_makes_a_valid_file(tmp_path: Path, about: str) -> None:
    path = written(tmp_path, [], about)

    assert load_file(path).steps == ()
    assert len(path.name) < 60


@settings(max_examples=200)
@given(st.text(), st.text(), VALUES)
def test_any_value_is_read_back(about: str, name: str, value: Any) -> None:
    schema = schema_of(entity("Product", FieldModel("name", default=value, comment=name)))
    try:
        (about + name + repr(value)).encode()
    except UnicodeEncodeError:
        return
    text = migration_text(about, [], [AddField("Product", name, value)], schema, [about, name])
    names: dict[str, Any] = {}
    exec(compile(text, "x.py", "exec"), names)  # noqa: S102 - what was just written

    assert names["migration"].steps == [AddField("Product", name, value)]


def test_slug_is_bounded() -> None:
    assert slug("Add Product.colour; rename Product.price") == "add_product_colour"
    assert slug("x" * 99) == "x" * 40
    assert quoted('a "b"') == "'a \"b\"'"


def test_file_system_without_hard_links_has_the_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*paths: object) -> None:
        raise PermissionError("no hard links")

    monkeypatch.setattr("os.link", link)
    assert write_new(tmp_path, "0001_first", "text").read_text() == "text"
    assert [path.name for path in tmp_path.iterdir()] == ["0001_first.py"]
    with pytest.raises(Exception, match=r"0001_first\.py exists already"):
        write_new(tmp_path, "0001_first", "other")


def test_written_file_is_not_replaced(tmp_path: Path) -> None:
    write_new(tmp_path, "0001_first", "")
    with pytest.raises(Exception, match=r"0001_first\.py exists already"):
        write_new(tmp_path, "0001_first", "")


HEAD = "from starmodel.migrations import AddField, Migration\n\n\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (\n", r"0002_x\.py, line 1: '\(' was never closed"),
        ("\n\n1 / 0\n", r"0002_x\.py, line 3: ZeroDivisionError"),
        ("from starmodel.migrations import Nothing\n", r"line 1: ImportError.*Nothing"),
        ("x = 1\n", "expected migration = Migration"),
        ("migration = 1\n", "found a value of type int"),
        (f"{HEAD}migration = Migration(after='0001', steps=[], schema='{{}}')", "line 4: after is"),
        (f"{HEAD}migration = Migration(after=[], steps=[1],\nschema='{{}}')", "line 4: 1 is no"),
        (f"{HEAD}migration = Migration(after=[], steps=[], schema=None)", "line 4: schema is a"),
        (f'{HEAD}migration = Migration(after=[], steps=[], schema="""\n{{\n"a": }}""")',
         "line 6: the schema is no JSON"),
        (f"{HEAD}migration = Migration(after=[], steps=[], schema='{{\"format\": 99}}')",
         "has format 99"),
        (f"{HEAD}migration = Migration(after=[], steps=[], schema='{{\"entities\": 1}}')",
         "the schema is invalid: entities"),
        (f"{HEAD}migration = Migration(after=[], steps=[AddField()], schema='{{}}')",
         "line 4: TypeError"),
    ],
)  # fmt: skip
def test_error_of_a_hand_edited_file_names_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "0002_x.py"
    path.write_text(text)

    with pytest.raises(MigrationFileError, match=message):
        load_file(path)


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    for name in ("__init__.py", "helpers.py", "notes.txt", "0002_x.py.orig"):
        (tmp_path / name).write_text("1 / 0")

    assert len(load_migrations(tmp_path)) == 0
    assert len(load_migrations(tmp_path / "missing")) == 0


def test_dataclass_in_a_migration_file_works(tmp_path: Path) -> None:
    path = tmp_path / "0001_x.py"
    path.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        f"{HEAD}@dataclass\nclass Price:\n    x: ClassVar[int] = 1\n\n"
        "migration = Migration(after=[], steps=[], schema='{}')\n"
    )

    assert load_file(path).after == ()


@pytest.mark.parametrize(
    ("titles", "id"),
    [
        (["Add Product.colour"], "0002_add_product_colour"),
        (["Add Product.a", "Add Product.b"], "0002_add_product_a_and_b"),
        (["Add Product.a", "Remove Shop"], "0002_add_product_a_and_remove_shop"),
        (["Add Product.a", "Add Product.a.b"], "0002_add_product_a_and_b"),
        (["Add Product.x", "Add Product.y", "Add Product.z"], "0002_add_product_x_and_2_more"),
        (
            ["Rename Customer.telephone_number to phone", "Remove Customer.previous_address"],
            "0002_rename_customer_telephone_and_1_more",
        ),
        ([], "0002_change"),
    ],
)
def test_name_of_several_changes_counts_them(titles: list[str], id: str) -> None:
    made = next_id(["0001_first"], name_of_changes(titles))
    assert made == id
    assert len(made) <= MAX_SLUG_CHARS + len("0002_")
