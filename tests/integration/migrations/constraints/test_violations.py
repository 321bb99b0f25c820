"""Rows that a new constraint would refuse: all are counted, and few are read."""

from __future__ import annotations

from typing import Any

import pytest

from integration.migrations.changing import History
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.checking.refused import SHOWN
from starmodel.migrations.running.checking.violations import Violations
from starmodel.migrations.running.database.session import Session


class Shop(Entity):
    model_config = {"store": "sql"}


def product(*, is_constrained: bool) -> type[Entity]:
    more: dict[str, Any] = {"foreign_key": "shop.id"} if is_constrained else {}

    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = Field(default="", max_length=50, unique=is_constrained)
        shop: str | None = Field(default=None, max_length=50, **more)

    return Product


def test_violations_are_counted_by_the_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    rows_of = Session.rows

    def counted(self: Session, *query: Any) -> Any:
        found = rows_of(self, *query)
        read.append(len(found))
        return found

    history = History(Shop, product(is_constrained=False))
    history.up(url)
    rows = [{"id": f"p{n:03d}", "name": f"n{n // 2}", "shop": f"s{n}"} for n in range(60)]
    history.store(url, "Product", *rows)
    history.change(Shop, product(is_constrained=True))
    find = Violations.find

    def watched(self: Violations) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(Session, "rows", counted)
            return find(self)

    monkeypatch.setattr(Violations, "find", watched)
    with pytest.raises(MigrationError) as refused:
        history.up(url)
    text = str(refused.value)
    assert "Product.name, 60 rows: not unique, and it has to be now: 'n0' in 2 rows" in text
    assert "Product.shop, 60 rows: refers to a Shop that does not exist: 's0' in the row" in text
    assert text.count(" in 2 rows") == text.count(" in the row ") == SHOWN
    assert read
    assert max(read) == SHOWN
