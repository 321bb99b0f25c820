"""Foreign keys of filled tables: their indexes, orphaned rows, cycles and link tables."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import PrimaryKeyConstraint

from databases import emptied
from integration.migrations.changing import History, execute, query
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.schema.physical import table_differences
from starmodel.migrations.steps.values import UNSET

CHECKS_OFF = {
    "sqlite": "PRAGMA foreign_keys=OFF",
    "postgresql": "SET session_replication_role = replica",
    "mysql": "SET foreign_key_checks = 0",
}


def entity(name: str, /, **fields: tuple[Any, Any]) -> type[Entity]:
    """A class whose fields have these types and defaults."""
    namespace: dict[str, Any] = {"model_config": {"store": "sql"}, "__module__": __name__}
    namespace["__annotations__"] = {field: kind for field, (kind, _) in fields.items()}
    namespace |= {field: default for field, (_, default) in fields.items()}
    return type(Entity)(name, (Entity,), namespace)


def shop_and_sales(note: Any = (str | None, None), **options: Any) -> list[type[Entity]]:
    shop = (str | None, Field(default=None, foreign_key="shop.id", **options))
    return [entity("Shop", name=(str, "")), entity("Sale", shop=shop, note=note)]


def differences(url: str, history: History) -> list[str]:
    async def work() -> list[str]:
        async with open_link(url) as link:
            found = await link.run(
                lambda s: table_differences(s.connection, history.schema, s.sql_dialect)
            )
            return [each.text for each in found]

    return asyncio.run(work())


@pytest.mark.parametrize(
    "field", [Field(default=None, foreign_key="shop.id"), Field(default=None, unique=True)],
    ids=["foreign key", "unique"],
)  # fmt: skip
def test_key_that_ends_does_not_refuse_the_values_of_its_field(url: str, field: Any) -> None:
    shop = entity("Shop", name=(str, ""))
    history = History(shop, entity("Sale", shop=(str | None, field)))
    history.up(url)
    history.store(url, "Sale", {"id": "s", "shop": None}, {"id": "t", "shop": None})
    fills = Answers(fills={"Sale.shop": ""})
    history.change(shop, entity("Sale", shop=(str, "")), answers=fills).up(url)
    assert differences(url, history) == []
    assert query(url, "SELECT shop FROM sale") == [("",), ("",)]
    with pytest.raises(MigrationError, match="nothing was changed"):
        history.down(url, "0001_change")


@pytest.mark.parametrize("kind", ["index", "unique"])
def test_index_over_a_foreign_key_comes_and_goes(url: str, kind: str) -> None:
    history = History(*shop_and_sales())
    history.up(url)
    history.store(url, "Shop", {"id": "a", "name": "A"})
    history.store(url, "Sale", {"id": "s", "shop": "a", "note": "n"})
    history.change(*shop_and_sales(**{kind: True})).up(url)
    assert differences(url, history) == []
    history.down(url, "0001_change")
    history.up(url)
    history.change(*shop_and_sales()).up(url)
    assert differences(url, history) == []
    assert history.rows(url, "Sale") == [{"id": "s", "shop": "a", "note": "n"}]
    with pytest.raises(Exception, match=r"(?i)foreign"):
        execute(url, "UPDATE sale SET shop = 'x'")


@pytest.fixture
def orphaned(url: str) -> History:
    """A sale of a shop that does not exist, as a program without constraints left it."""
    history = History(*shop_and_sales())
    history.up(url)
    history.store(url, "Shop", {"id": "a", "name": "A"})
    history.store(url, "Sale", {"id": "s1", "shop": "a", "note": None})
    off = CHECKS_OFF[url.partition(":")[0].partition("+")[0]]
    execute(url, off, "INSERT INTO sale (id, shop, note, _version) VALUES ('s2', 'x', 'n', 1)")
    return history


def test_orphaned_row_survives_a_change_of_its_table(url: str, orphaned: History) -> None:
    orphaned.change(*shop_and_sales(note=(str, "none"))).up(url)
    rows = orphaned.rows(url, "Sale")
    assert rows == [
        {"id": "s1", "shop": "a", "note": "none"},
        {"id": "s2", "shop": "x", "note": "n"},
    ]
    orphaned.down(url, "0001_change")
    assert len(orphaned.rows(url, "Sale", at=1)) == 2


@pytest.mark.parametrize(
    "options", [{"ondelete": "CASCADE"}, {"max_length": 50}], ids=["rule", "type"]
)
def test_orphaned_row_is_listed_before_its_foreign_key_is_made_again(
    url: str, orphaned: History, options: dict[str, Any]
) -> None:
    answers = Answers(conversions={"Sale.shop": UNSET} if "max_length" in options else {})
    orphaned.change(*shop_and_sales(**options), answers=answers)
    if url.startswith("sqlite"):  # it checks the rows that a migration changes
        orphaned.up(url)
        assert len(orphaned.rows(url, "Sale")) == 2
    else:
        with pytest.raises(MigrationError, match="nothing was changed") as caught:
            orphaned.up(url)
        assert "'x' in the row 's2'" in str(caught.value)
        assert query(url, "SELECT id FROM starmodel_migration") == [("0001_change",)]
        execute(url, "DELETE FROM sale WHERE id = 's2'")
        orphaned.up(url)
        assert len(orphaned.rows(url, "Sale")) == 1
    assert differences(url, orphaned) == []


def test_length_of_a_key_that_others_refer_to_changes(url: str) -> None:
    def classes(length: int) -> list[type[Entity]]:
        key = (str, Field(max_length=length))
        child = (str, Field(foreign_key="shop.id", max_length=length))
        parent = (str | None, Field(default=None, foreign_key="shop.id", max_length=length))
        return [entity("Shop", id=key, parent=parent), entity("Sale", shop=child)]

    history = History(*classes(30))
    history.up(url)
    history.store(url, "Shop", {"id": "a", "parent": None}, {"id": "b", "parent": "a"})
    history.store(url, "Sale", {"id": "s", "shop": "b"})
    history.change(*classes(50)).up(url)
    assert differences(url, history) == []
    assert history.rows(url, "Sale") == [{"id": "s", "shop": "b"}]
    for sql in ("UPDATE sale SET shop = 'x'", "UPDATE shop SET parent = 'x'"):
        with pytest.raises(Exception, match=r"(?i)foreign"):
            execute(url, sql)
    history.down(url, "0001_change")
    assert history.rows(url, "Shop", at=1) == [
        {"id": "a", "parent": None},
        {"id": "b", "parent": "a"},
    ]


def hens(egg: str = "Egg", **more: Any) -> list[type[Entity]]:
    key = (str | None, Field(default=None, foreign_key=f"{egg.lower()}.id"))
    back = (str | None, Field(default=None, foreign_key="hen.id"))
    return [entity("Hen", egg=key, friend=back, **more), entity(egg, hen=back, **more)]


def test_tables_that_refer_to_each_other_are_renamed_changed_and_removed(url: str) -> None:
    history = History(*hens())
    history.up(url)
    history.store(url, "Egg", {"id": "e", "hen": None})
    history.store(url, "Hen", {"id": "h", "egg": "e", "friend": None})
    execute(url, "UPDATE egg SET hen = 'h'", "UPDATE hen SET friend = 'h'")
    history.change(*hens("Ball", size=(int, 3)), renames={"Egg": "Ball"}).up(url)
    assert history.rows(url, "Hen") == [{"id": "h", "egg": "e", "friend": "h", "size": 3}]
    assert history.rows(url, "Ball") == [{"id": "e", "hen": "h", "size": 3}]
    with pytest.raises(Exception, match=r"(?i)foreign"):
        execute(url, "UPDATE ball SET hen = 'x'")

    class Other(Entity):
        model_config = {"store": "sql"}

    history.change(Other).up(url)
    assert differences(url, history) == []
    history.down(url, "0001_change")
    assert history.rows(url, "Hen", at=1) == [{"id": "h", "egg": "e", "friend": "h"}]
    with pytest.raises(Exception, match=r"(?i)foreign"):
        execute(url, "UPDATE egg SET hen = 'x'")


def test_link_table_with_a_composite_key_follows_renamed_classes(url: str) -> None:
    def declared(hero: str, power: str) -> list[type[Entity]]:
        namespace: dict[str, Any] = {
            "model_config": {"store": "sql"},
            "__module__": __name__,
            "__annotations__": {f"{name.lower()}_id": str for name in (hero, power)},
            "__table_args__": (PrimaryKeyConstraint(f"{hero.lower()}_id", f"{power.lower()}_id"),),
        }
        for name in (hero, power):
            namespace[f"{name.lower()}_id"] = Field(
                foreign_key=f"{name.lower()}.id", ondelete="CASCADE"
            )
        sides = [
            type(Entity)(name, (Entity,), {"model_config": {"store": "sql"}})
            for name in (hero, power)
        ]
        return [*sides, type(Entity)("Link", (Entity,), namespace)]

    history = History(*declared("Hero", "Power"))
    history.up(url)
    history.store(url, "Hero", {"id": "h1"}, {"id": "h2"})
    history.store(url, "Power", {"id": "p"})
    links = [{"id": f"l{n}", "hero_id": f"h{n}", "power_id": "p"} for n in (1, 2)]
    history.store(url, "Link", *links)
    renames = {"Hero": "Person", "Link.hero_id": "person_id"}
    history.change(*declared("Person", "Power"), renames=renames).up(url)
    assert history.rows(url, "Link") == [
        {"id": f"l{n}", "person_id": f"h{n}", "power_id": "p"} for n in (1, 2)
    ]
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        history.store(url, "Link", {"id": "l3", "person_id": "h1", "power_id": "p"}, at=2)
    assert differences(url, history) == []
    execute(url, "DELETE FROM person WHERE id = 'h2'")
    history.down(url, "0001_change")
    assert history.rows(url, "Link", at=1) == links[:1]


def test_key_to_a_unique_column_of_a_table_that_an_undo_put_aside(postgresql_url: str) -> None:
    url = emptied(postgresql_url)
    namespace: dict[str, Any] = {
        "model_config": {"store": "sql"},
        "__module__": __name__,
        "__annotations__": {"number": int, "shop": str | None},
        "__table_args__": (PrimaryKeyConstraint("number"),),
        "shop": Field(default=None, foreign_key="shop.id"),
    }
    code = type(Entity)("Code", (Entity,), namespace)
    of_code = (str | None, Field(default=None, foreign_key="code.id"))
    history = History(entity("Shop", name=(str, "")))
    history.change(entity("Shop", name=(str, ""), code=of_code), code).up(url)
    history.store(url, "Code", {"id": "c", "number": 7, "shop": None}, at=2)
    history.down(url, "0001_change")
    history.up(url)
    assert history.rows(url, "Code") == [{"id": "c", "number": 7, "shop": None}]
    assert differences(url, history) == []
