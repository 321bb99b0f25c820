"""The contract of keyset pagination, streams, and `matches`."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from starmodel.app.ports.ordering import position_of
from starmodel.app.ports.query import Filter, Query, make_query
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity
from starmodel.testing.contracts.base import Colour, ContractBase, Item, Stage, deleted, staged

ORDERS = ("", "size", "-size", "colour,-size", "-price,name", "-colour,size,-name", "-id")
LETTERS = (
    "İstanbul", "istanbul", "ΟΔΟΣ", "οδος", "οδοσ", "\u212aelvin", "kelvin", "STRASSE", "Straße",
    "STRAẞE", "Ⱥ", "ⱥ", "\u13a0", "\uab70", "ﬁ", "FI", "Ä", "ä",
)  # fmt: skip


def _items() -> list[Item]:
    """Items with many equal field values."""
    return [
        Item(
            id=f"{number:02}",
            name="aAé"[number % 3],
            size=(None, 1, 2)[number % 3],
            price=(-1.0, 0.0, 1e9)[number // 9 % 3],
            colour=(None, *Colour)[number // 3 % 3],
        )
        for number in range(27)
    ]


def _without(item: Entity) -> Batch:
    return Batch([deleted(item)])


async def _walked(stage: Stage, query: Query, size: int) -> list[Entity]:
    """The result in windows, each after the last record of the previous one."""
    found: list[Entity] = []
    while window := await stage.repository.list(replace(query, limit=size)):
        found += window
        assert len(found) < 100, "the windows go round in circles"
        query = replace(query, after=position_of(window[-1], query.order))
    return found


class WindowsContract(ContractBase):
    """Windows after a position, streams, and `matches`."""

    @staged
    async def test_windows_behind_each_other_are_the_whole_answer(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        for order in ORDERS:
            for size in (1, 4, 27):
                query = make_query(Item, {"price__gte": 0}, order=order)
                assert await _walked(stage, query, size) == query.arrange(items), (order, size)

    @staged
    async def test_window_starts_after_the_cursor_of_a_deleted_record(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        query = make_query(Item, {}, order="size")
        whole = query.arrange(items)
        for at in (0, 13, 26):
            await stage.repository.commit(_without(await stage.got(whole[at])))
            later = replace(query, after=position_of(whole[at], query.order), offset=1, limit=3)
            remaining = [item for item in whole if item.id not in (whole[0].id, whole[at].id)]
            assert await stage.repository.list(later) == later.arrange(remaining)

    @staged
    async def test_a_position_does_not_narrow_the_count(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        query = replace(make_query(Item, {"size": 1}), after=("05",))
        assert await stage.repository.count(query) == 9

    @staged
    async def test_stream_gives_the_answer_in_chunks(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        for order in ORDERS:
            for batch in (1, 4, 100):
                query = make_query(Item, {}, order=order, search="a")
                found: list[Entity] = []
                async for chunk in stage.repository.stream(query, batch):
                    assert 0 < len(chunk) <= batch
                    found += chunk
                assert found == query.arrange(items), (order, batch)

    @staged
    async def test_stream_begins_behind_a_position(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        query = make_query(Item, {}, order="-size")
        later = replace(query, after=position_of(query.arrange(items)[10], query.order))
        found = [item async for chunk in stage.repository.stream(later, 5) for item in chunk]
        assert found == query.arrange(items)[11:]

    @staged
    async def test_stream_holds_nothing_while_others_write(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        seen: list[str] = []
        async for chunk in stage.repository.stream(Query(Item), 5):
            seen += [item.id for item in chunk]
            for item in chunk:
                await stage.repository.commit(_without(item))
        assert seen == [item.id for item in items]
        assert await stage.repository.count(Query(Item)) == 0

    @staged
    async def test_stream_leaves_out_what_was_removed_before_its_chunk(self, stage: Stage) -> None:
        items = _items()
        await stage.put(*items)
        seen: list[str] = []
        async with aclosing(stage.repository.stream(Query(Item), 5)) as chunks:
            async for chunk in chunks:
                seen += [item.id for item in chunk]
                if len(seen) == 5:
                    await stage.repository.commit(_without(await stage.got(items[20])))
        assert seen == [item.id for item in items if item is not items[20]]

    @staged
    async def test_stream_can_be_left(self, stage: Stage) -> None:
        await stage.put(*_items())
        async with aclosing(stage.repository.stream(Query(Item), 2)) as chunks:
            async for _ in chunks:
                break
        assert await stage.repository.count(Query(Item)) == 27

    @staged
    async def test_matches_agrees_with_query_or_is_undecided(self, stage: Stage) -> None:
        items = [Item(id=f"{n:02}", name=name) for n, name in enumerate(LETTERS)]
        await stage.put(*items)
        for letter in LETTERS:
            for query in (
                make_query(Item, {}, search=letter),
                Query(Item, (Filter("name", "contains", letter[:2]),)),
                Query(Item, (Filter("name", "startswith", letter), Filter("size", "eq", 1))),
            ):
                found = {item.id for item in await stage.repository.list(query)}
                for item in items:
                    matches = stage.repository.matches(query, item)
                    assert matches in (None, item.id in found), (query, item.name)

    @staged
    async def test_matches_is_sure_of_plain_letters(self, stage: Stage) -> None:
        for query in (
            make_query(Item, {}, search="éa"),
            Query(Item, (Filter("name", "contains", "É"), Filter("size", "gt", 0))),
        ):
            for item in _items():
                assert stage.repository.matches(query, item) is query.matches(item)
