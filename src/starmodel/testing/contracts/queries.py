"""The contract of queries: results equal those of `Query` in Python."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import itertools
import random
from typing import Any

from starmodel.app.access.conditions.condition import (
    Comparison,
    Condition,
    FieldComparison,
    Function,
    decide,
    junction,
    narrowed,
    negation,
)
from starmodel.app.ports.query import OPERATORS, Filter, Query, make_query
from starmodel.app.ports.repository import supports_of
from starmodel.testing.contracts.base import Colour, ContractBase, Item, Stage, staged

NAMES = ("Ant", "ant", "bee", "Bee 100%", "b_e", "under_score", "back\\slash", "O'Hara", "", "Zoë")


def _items() -> list[Item]:
    rng = random.Random(7)  # noqa: S311 - the same rows in every run
    return [
        Item(
            id=f"{number:02}",
            name=rng.choice(NAMES),
            size=rng.choice([None, -1, 0, 1, 2, 30]),
            price=rng.choice([-0.5, 0.0, 0.1, 1.0, 1e9]),
            colour=rng.choice([None, *Colour]),
            cost=number % 4,
        )
        for number in range(40)
    ]


def _conditions() -> list[Condition]:
    """Comparisons, their negations, and pairs of them."""
    leaves: list[Condition] = [
        Comparison("name", "eq", "bee"), Comparison("name", "in", ("Ant", "ZOË", "")),
        Comparison("name", "gt", "b"), Comparison("size", "ne", 1), Comparison("size", "eq", None),
        Comparison("size", "lt", 2), Comparison("price", "gte", 0.1),
        Comparison("colour", "eq", Colour.RED), FieldComparison("size", "eq", "cost"),
        FieldComparison("size", "lt", "cost"), Function(lambda actor, item: item.size == 1, None),
    ]  # fmt: skip
    leaves += [negation(leaf) for leaf in leaves]
    pairs = itertools.pairwise(leaves)
    return leaves + [junction(is_all, pair) for pair in pairs for is_all in (True, False)]


def _ids(found: list[Any]) -> list[str]:
    return [item.id for item in found]


class QueriesContract(ContractBase):
    """Filters, search, order, window, count."""

    async def _agrees(self, stage: Stage, query: Query, items: list[Item]) -> list[Item]:
        found = await stage.repository.list(query)
        assert all(isinstance(item, Item) for item in found)
        assert _ids(found) == _ids(query.arrange(items)), query
        assert await stage.repository.count(query) == sum(map(query.matches, items)), query
        return found  # type: ignore[return-value]  # checked above

    @staged
    async def test_empty_query_lists_all_in_order_of_id(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*reversed(items))
        found = await stage.repository.list(Query(Item))
        assert found == items
        assert await stage.repository.count(Query(Item)) == len(items)

    @staged
    async def test_supported_conditions_agree_with_python(self, stage: Stage) -> None:
        """For repositories that decide conditions of access rules."""
        items = _items()
        await stage.put(*items)
        supports = supports_of(stage.repository)
        for condition in _conditions():
            where, exact = narrowed(condition, Item, supports)
            wanted = [item.id for item in items if decide(condition, item)]
            found = _ids(await stage.repository.list(Query(Item, where=where)))
            assert found == wanted if exact else set(found) >= set(wanted), condition
            assert await stage.repository.count(Query(Item, where=where)) == len(found), condition

    @staged
    async def test_each_operator_agrees_with_the_query(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        values: dict[str, list[Any]] = {
            "name": ["bee", "b", "%", "_", "\\", "'", "", "Z", None],
            "size": [0, 1, None, 7],
            "price": [0.1, 1.0, 5],
            "colour": [Colour.RED, None],
            "cost": [2],
        }
        for op in OPERATORS:
            for name, operand in values.items():
                for one in operand:
                    value = [one, *operand[:2]] if op in ("in", "not_in") else one
                    await self._agrees(stage, Query(Item, (Filter(name, op, value),)), items)

    @staged
    async def test_the_largest_whole_numbers_compare_as_numbers(self, stage: Stage) -> None:
        least, most = -(2**63), 2**63 - 1
        items = [Item(id=str(n), name="", size=size) for n, size in enumerate((least, 0, most))]
        await stage.put(*items)
        for op in ("eq", "ne", "lt", "lte", "gt", "gte"):
            for value in (least - 1, least, most, most + 1):
                await self._agrees(stage, Query(Item, (Filter("size", op, value),)), items)

    @staged
    async def test_in_an_empty_list_matches_nothing(self, stage: Stage) -> None:
        await stage.put(*_items())
        query = Query(Item, (Filter("size", "in", []),))
        assert await stage.repository.list(query) == []
        assert await stage.repository.count(query) == 0

    @staged
    async def test_search_ignores_case_and_takes_wildcards_literally(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        for search in ("BEE", "bee 1", "%", "_", "100%", "o'h", "\\", "zo", "nowhere"):
            await self._agrees(stage, make_query(Item, {}, search=search), items)

    @staged
    async def test_order_puts_none_last_either_way_and_ties_by_id(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        for order in ("size", "-size", "name", "-price,name", "colour,-size", "-colour", "-id"):
            found = await self._agrees(stage, make_query(Item, {}, order=order), items)
            if order.endswith("size") and "," not in order:
                absent = [item.size is None for item in found]
                assert absent == sorted(absent)

    @staged
    async def test_window_cuts_the_ordered_answer_and_not_the_count(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        for offset, limit in ((0, 5), (5, 5), (38, 5), (99, 5), (0, 0), (3, None)):
            query = make_query(Item, {"size__gte": 0}, order="-name", offset=offset, limit=limit)
            await self._agrees(stage, query, items)

    @staged
    async def test_random_queries_agree_with_the_query(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        rng = random.Random(11)  # noqa: S311 - the same queries in every run
        for _ in range(150):
            chosen = [rng.choice(items) for _ in range(2)]
            filters = {
                f"{name}__{op}": getattr(chosen[n], name)
                for n, (name, op) in enumerate(
                    (rng.choice(("name", "size", "price")), rng.choice(("lt", "gte", "eq", "ne")))
                    for _ in range(rng.randrange(3))
                )
            }
            fields = rng.sample(("name", "size", "price", "colour"), rng.randrange(4))
            order = ",".join(rng.choice(("", "-")) + field for field in fields)
            search = rng.choice(("", "", "e", "AN"))
            query = make_query(
                Item, filters, search=search, order=order,
                offset=rng.randrange(4), limit=rng.choice((None, 3, 10)),
            )  # fmt: skip
            await self._agrees(stage, query, items)

    @staged
    async def test_values_are_never_read_as_language(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        for value in ("' OR '1'='1", "x'; DROP TABLE _item; --", '"', "?", ":p0_0", "\0"):
            for op in ("eq", "contains", "startswith", "lt"):
                await self._agrees(stage, Query(Item, (Filter("name", op, value),)), items)
            await self._agrees(stage, Query(Item, (), value, ("name",)), items)
