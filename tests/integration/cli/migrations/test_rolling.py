"""`starmodel migrate --rolling` and `--contract`: two migrations around a deploy."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import Result

from starmodel.migrations.files.loading import load_migrations

Write = Callable[[str, str], Path]
Run = Callable[..., Result]

HEAD = """\
from starmodel import Entity, create_app


class Product(Entity):
    model_config = {"store": "sql"}
"""
END = '\n\napp = create_app([Product], database_url="sqlite:///shop.db")\n'
BEFORE = f'{HEAD}    name: str\n    price: int = 0\n    old: str = "x"\n{END}'
AFTER = f"{HEAD}    name: str\n    unit_price: int = 0\n    colour: str\n{END}"
FLAGS = (
    "--rename", "Product.price=unit_price", "--drop", "Product.old", "--fill",
    "Product.colour=blue",
)  # fmt: skip


@pytest.fixture
def changed(write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    assert run("migrate").exit_code == 0
    write("main.py", AFTER)


@pytest.mark.usefixtures("changed")
def test_rolling_writes_two_migrations_of_which_the_second_waits(run: Run, folder: Path) -> None:
    result = run("migrate", "--rolling", *FLAGS)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    start = lines.index("Processes that still run the old version:")
    assert lines[start + 1 : start + 4] == [
        "- They keep using Product.old; what the new version creates has 'x'.",
        "- They keep using Product.price; triggers keep it equal to unit_price.",
        "- They don't see Product.colour; what they create has 'blue'.",
    ]
    assert "Applied: 0002_remove_product_old_and_2_more" in lines
    waiting = (
        "Waiting: 0003_contract_remove_product_old_and_2_more. Once no process of the old version "
        "runs: starmodel migrate --contract"
    )
    assert lines[-1] == waiting
    expand, contract = load_migrations(folder / "migrations").files[1:]
    assert (expand.contract, contract.contract) == (False, True)
    assert contract.after == (expand.id,)

    check = run("migrate", "--check")
    assert (check.exit_code, check.stdout.splitlines()[-1]) == (0, waiting)
    assert run("migrate").stdout.splitlines() == [waiting]
    assert json.loads(run("migrate", "--json").stdout)["waiting"] == [contract.id]

    assert run("migrate", "--contract").stdout.splitlines() == [f"Applied: {contract.id}"]
    assert "Nothing to do." in run("migrate").stdout


@pytest.mark.usefixtures("changed")
def test_migrate_says_what_old_processes_can_do_no_longer(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", "k" * 40)
    with closing(sqlite3.connect("shop.db")) as server:
        server.execute("SELECT * FROM product")
        result = run("migrate", *FLAGS)

    assert result.exit_code == 0, result.output
    assert (
        "Processes that still run the old version:\n"
        "- They fail to read and write Product: they need Product.old.\n"
        "- They fail to read and write Product: they need Product.price.\n"
        "- They can't create Product: its new column needs a value.\n"
        "On a server, stop them before starmodel db upgrade. For a rolling deploy, write it in two parts: "  # noqa: E501
        "starmodel migrate --rolling\n"
    ) in result.stdout


@pytest.mark.usefixtures("changed")
def test_printed_command_keeps_rolling(run: Run) -> None:
    *_, command = run("migrate", "--rolling").stderr.strip().splitlines()
    assert command.strip().startswith("starmodel migrate --rolling --rename")


TYPED = BEFORE.replace("price: int = 0", "price: str = ''")
RENAMED = BEFORE.replace("Product", "Article")


def test_change_that_no_database_can_make_for_both_is_refused(
    write: Write, run: Run, folder: Path
) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write("main.py", TYPED)
    refused = run("migrate", "--rolling")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert (
        "A rolling deploy can't make this change, and nothing is changed. Processes that still "
        "run the old version:\n"
        "- They fail to read and write Product.price: its column gets another type. With another "
        "name, by --rename Product.price=NEW, triggers convert its values.\n"
        "Stop the old version and leave --rolling out."
    ) in refused.stderr
    assert len(list((folder / "migrations").glob("*.py"))) == 1


def test_renamed_field_of_another_type_is_converted_by_triggers(
    write: Write, run: Run, folder: Path
) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write("main.py", BEFORE.replace("price: int = 0", 'price_text: str = "0"'))
    result = run("migrate", "--rolling", "--rename", "Product.price=price_text")

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    start = lines.index("Processes that still run the old version:")
    assert lines[start + 1 : start + 3] == [
        "- They keep using Product.price; triggers convert it to price_text, and back.",
        "- They read None in Product.price where price_text is not whole number.",
    ]
    with closing(sqlite3.connect(folder / "shop.db")) as database, database:
        database.execute(
            "INSERT INTO product (id, name, price, old, _version) VALUES ('a', 'a', 5, 'x', 1)"
        )
        found = database.execute("SELECT price, price_text FROM product").fetchall()
    assert found == [(5, "5")]
    assert run("migrate", "--contract").exit_code == 0
    assert "Nothing to do." in run("migrate").stdout


def test_renamed_table_of_sqlite_is_refused_in_production_alone(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write("main.py", RENAMED)
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", "k" * 40)
    refused = run("migrate", "--rolling", "--rename", "Product=Article")
    assert refused.exit_code == 1
    assert "on SQLite, where no view can stand for it: its table is article now" in refused.stderr

    monkeypatch.setenv("STARMODEL_ENV", "development")  # for PostgreSQL, perhaps
    assert run("migrate", "--rolling", "--rename", "Product=Article").exit_code == 0


def test_additive_change_needs_one_migration(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write(
        "main.py", BEFORE.replace("    name: str\n", "    name: str\n    note: str | None = None\n")
    )
    result = run("migrate", "--rolling")

    assert result.exit_code == 0, result.output
    assert "- They don't see Product.note; what they create has none." in result.stdout
    assert "Waiting" not in result.stdout
    assert len(list((folder / "migrations").glob("*.py"))) == 2


def test_empty_migration_is_written_for_steps_of_the_developer(
    write: Write, run: Run, folder: Path
) -> None:
    write("main.py", BEFORE)
    assert "There is no migration yet." in run("migrate", "--empty").stderr
    run("migrate")
    result = run("migrate", "--empty", "-m", "Raise prices")

    assert result.stdout.splitlines() == [
        "Written: migrations/0002_raise_prices.py",
        "Add steps, such as RunData or RunEvents, then run: starmodel migrate",
    ]
    path = folder / "migrations" / "0002_raise_prices.py"
    text = path.read_text().replace("import Migration", "import Migration, RunEvents")
    function = (
        "async def raise_prices(events):\n    async for product in events.each('Product'):\n"
        "        await events.dispatch(product.do.update(price=7))\n\n\nmigration ="
    )
    text = text.replace("steps=[]", "steps=[RunEvents(raise_prices)]").replace(
        "migration =", function, 1
    )
    path.write_text(text)
    with closing(sqlite3.connect(folder / "shop.db")) as database, database:
        database.execute(
            "INSERT INTO product (id, name, price, old, _version) VALUES (1,'a',1,'x',1)"
        )
    result = run("migrate")
    assert result.stdout.splitlines() == ["Applied: 0002_raise_prices"], result.output
    with closing(sqlite3.connect(folder / "shop.db")) as database, database:
        assert database.execute("SELECT price FROM product").fetchall() == [(7,)]
    assert "Nothing to do." in run("migrate").stdout
