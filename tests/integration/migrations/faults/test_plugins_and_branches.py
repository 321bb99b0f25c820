"""Classes of plugins that change, and branches of which a database has one."""

from __future__ import annotations

from typing import Any

import pytest

from integration.migrations.changing import History, execute
from integration.migrations.statements.kinds_of_change import entity
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import plan
from starmodel.migrations.files.merging import merged
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps.values import UNSET


def visits(name: str = "Visit", **fields: Any) -> list[type[Entity]]:
    """A class of the application, and one of a plugin that refers to it and has its name."""
    shop = (str | None, Field(default=None, foreign_key="visit.id"))
    config = {"plugin": "stats"}
    return [entity("Visit", page=(str, "")), entity(name, config=config, shop=shop, **fields)]


def test_class_of_a_plugin_changes_as_one_of_the_application(url: str) -> None:
    history = History(*visits(page=(str, ""), count=(str, "0")))
    history.up(url)
    history.store(url, "Visit", {"id": "v", "page": "/own"})
    history.store(url, "stats.Visit", {"id": "s", "shop": "v", "page": "/", "count": "7"})
    after = visits(path=(str, ""), count=(int, 0), agent=(str,))
    answers = Answers(conversions={"stats.Visit.count": UNSET}, fills={"stats.Visit.agent": "none"})
    history.change(*after, answers=answers, renames={"stats.Visit.page": "path"}).up(url)
    row = {"id": "s", "shop": "v", "path": "/", "count": 7, "agent": "none"}
    assert history.rows(url, "stats.Visit") == [row]
    assert history.rows(url, "Visit") == [{"id": "v", "page": "/own"}]
    renamed = visits("View", path=(str, ""), count=(int, 0), agent=(str,))
    history.change(*renamed, renames={"stats.Visit": "stats.View"}).up(url)
    assert history.rows(url, "stats.View") == [row]
    with pytest.raises(Exception, match=r"(?i)foreign"):
        history.store(url, "stats.View", {**row, "id": "t", "shop": "missing"}, at=3)
    history.change(visits()[0]).up(url)  # the plugin is removed
    history.down(url, "0003_change")
    assert history.rows(url, "stats.View", at=3) == [row]


def schema_of(before: Schema, *classes: type[Entity]) -> Schema:
    return collect([entity_type(cls, "sql") for cls in classes], before)


def test_branches_are_merged_where_the_database_has_one_of_them(url: str) -> None:
    first = entity("Product", name=(str, ""))
    history = History(first)
    history.up(url)
    history.store(url, "Product", {"id": "a", "name": "A"})
    base = history.schema
    heads = []
    for field in ("size", "weight"):
        product = entity("Product", name=(str, ""), **{field: (int, 3)})
        changes = compare(base, schema_of(base, product))
        made = plan(changes, Answers(), f"0002_{field}")
        heads.append(MigrationFile(f"0002_{field}", ("0001_change",), made.steps, made.schema, ""))
    history.files.append(heads[0])
    history.up(url)
    execute(url, "UPDATE product SET size = 7")
    history.files.append(heads[1])
    schema = merged(base, heads[0].schema, heads[1].schema, (heads[0].id, heads[1].id))
    history.files.append(MigrationFile("0003_merge", ("0002_size", "0002_weight"), (), schema, ""))
    history.schema = schema
    assert history.up(url).applied == ("0002_weight", "0003_merge")
    assert history.rows(url, "Product") == [{"id": "a", "name": "A", "size": 7, "weight": 3}]
    history.down(url, "0002_weight")
    history.up(url)
    assert history.rows(url, "Product") == [{"id": "a", "name": "A", "size": 7, "weight": 3}]
    history.down(url, "0001_change")
    assert history.rows(url, "Product", at=1) == [{"id": "a", "name": "A"}]
