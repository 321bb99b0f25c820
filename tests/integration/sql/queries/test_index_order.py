"""A window in the order of an indexed field is read from the index, without sorting the table."""

from __future__ import annotations

import pytest

from repositories import insert, opened
from starmodel import Field
from starmodel.app.ports.ordering import Position
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity

ROWS = 12_000  # of fewer, MariaDB sorts all
# What each database says in its plan when it sorts the table. Rows of one value may be sorted.
SORTS = {"sqlite": "B-TREE FOR ORDER BY", "postgresql": "Seq Scan", "mysql": "filesort"}


class _Priced(Entity):
    price: float = Field(default=0.0, index=True)


@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize("after", [None, (500.0, "x")], ids=["first", "after a cursor"])
async def test_window_in_the_order_of_an_index_is_not_sorted(
    any_url: str, descending: bool, after: Position | None
) -> None:
    repository = await opened(any_url, _Priced)
    try:
        rows = [_Priced(id=f"{n:05}", price=float(n % 1000)) for n in range(ROWS)]
        await repository.commit(Batch([insert(row) for row in rows]))
        engine = repository._opened.engine
        kind = engine.sql_dialect.sqlalchemy.name
        await engine.execute("ANALYZE" if kind != "mysql" else "ANALYZE TABLE _priced", ())
        query = Query(_Priced, order=(("price", descending),), after=after, limit=20)

        plan = repository._opened.planners[_Priced].plan(query, 0.0)
        words = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
        explained = str(await engine.rows(f"{words} {plan.sql}", plan.params))
        found = await repository.list(query)

        assert plan.exact
        assert SORTS[kind] not in explained
        assert [row.id for row in found] == [row.id for row in query.arrange(rows)]
    finally:
        await repository.close()
