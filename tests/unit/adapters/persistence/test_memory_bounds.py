"""The memory store at its bound: which entries it evicts, and which commits it refuses."""

from __future__ import annotations

import pytest

from repositories import ignore_expiry
from starmodel import Entity, EntityConfig
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.memory_markers import MemoryMarkers
from starmodel.adapters.persistence.memory_sizes import bytes_of, is_small
from starmodel.app.ports.repository import MARKER_TTL_S, Batch, Change, Marker
from starmodel.core.classes.registry import entity_type
from starmodel.core.errors import StoreFullError
from starmodel.testing.fakes import FakeClock


def _classes():
    class Cart(Entity):
        items: int = 0

    class Board(Entity):
        model_config = EntityConfig(scope="app")

    class Profile(Entity):
        model_config = EntityConfig(scope="user")

    class Note(Entity):
        model_config = EntityConfig(scope="record", store="memory")

    return Cart, Board, Profile, Note


Cart, Board, Profile, Note = _classes()


@pytest.fixture
async def repository():
    made = MemoryRepository(max_entries=3, clock=FakeClock())
    await made.open(
        [entity_type(cls, "memory") for cls in (Cart, Board, Profile, Note)], ignore_expiry
    )
    yield made
    await made.close()


def insert(cls, id):
    return Change(cls, id, "insert", 0, 1, cls(id=id))


def delete(cls, id):
    return Change(cls, id, "delete", 1)


async def put(repository, cls, *ids):
    for id in ids:
        await repository.commit(Batch([insert(cls, id)]))


async def there(repository, cls, *ids):
    return [id for id in ids if await repository.get(cls, id) is not None]


async def test_full_session_class_evicts_least_recently_used(repository):
    await put(repository, Cart, "a", "b", "c")
    await repository.get(Cart, "a")
    await put(repository, Cart, "d")
    assert await there(repository, Cart, "a", "b", "c", "d") == ["a", "c", "d"]


async def test_session_entities_evict_no_other_class_or_scope(repository):
    await put(repository, Board, "app")
    await put(repository, Profile, "ann")
    await put(repository, Note, "n1", "n2")
    await put(repository, Cart, *(f"guest{n}" for n in range(2_010)))
    assert await there(repository, Board, "app") == ["app"]
    assert await there(repository, Profile, "ann") == ["ann"]
    assert await there(repository, Note, "n1", "n2") == ["n1", "n2"]
    assert len(repository._classes[Cart]) == 3


async def test_session_entity_on_an_open_page_is_not_evicted(repository):
    repository.is_watched = {"Cart:a", "Cart:b"}.__contains__
    await put(repository, Cart, "a", "b", "c", "d", "e")
    assert await there(repository, Cart, "a", "b", "c", "d", "e") == ["a", "b", "e"]
    repository.is_watched = lambda topic: True
    with pytest.raises(StoreFullError):
        await put(repository, Cart, "f")
    assert await there(repository, Cart, "a", "b", "e", "f") == ["a", "b", "e"]


@pytest.mark.parametrize("cls", [Profile, Note])
async def test_full_class_of_another_scope_rejects_inserts_with_the_remedy(repository, cls):
    await put(repository, cls, "a", "b", "c")
    with pytest.raises(StoreFullError, match="memory_max_entries"):
        await put(repository, cls, "d")
    assert await there(repository, cls, "a", "b", "c", "d") == ["a", "b", "c"]
    await repository.commit(Batch([delete(cls, "a"), insert(cls, "d")]))
    assert await there(repository, cls, "a", "b", "c", "d") == ["b", "c", "d"]


async def test_rejected_batch_changes_nothing(repository):
    await put(repository, Note, "a", "b", "c")
    await put(repository, Cart, "x", "y", "z")
    with pytest.raises(StoreFullError):
        await repository.commit(Batch([insert(Cart, "w"), insert(Note, "d")], marker("k", "ann")))
    assert await there(repository, Cart, "w", "x", "y", "z") == ["x", "y", "z"]
    assert await repository.marker("k") is None


async def test_entities_of_one_batch_do_not_evict_each_other(repository):
    await put(repository, Cart, "a", "b")
    await repository.commit(Batch([Change(Cart, "a", "check", 1), insert(Cart, "c"),
                                   insert(Cart, "d")]))  # fmt: skip
    assert await there(repository, Cart, "a", "b", "c", "d") == ["a", "c", "d"]


def marker(key, owner, *, guest=False, at=0.0, outcome="{}"):
    return Marker(key, "digest", f"run {key}", at or FakeClock().now, outcome, False, owner, guest)


def test_markers_of_one_owner_evict_its_oldest():
    markers = MemoryMarkers(FakeClock(), max_per_owner=2)
    markers.put(marker("other", "bob"))
    for n in range(5):
        markers.put(marker(f"k{n}", "ann"))
    assert [key for key in ("other", "k0", "k2", "k3", "k4") if markers.get(key)] == [
        "other", "k3", "k4"
    ]  # fmt: skip


def test_markers_of_guests_evict_none_of_actors():
    markers = MemoryMarkers(FakeClock(), max_markers=10)
    markers.put(marker("mine", "ann"))
    for n in range(1_000):
        markers.put(marker(f"k{n}", f"guest{n}", guest=True))
    assert markers.get("mine") is not None
    assert len(markers) == 11


def test_markers_are_bounded_in_bytes_and_age():
    clock = FakeClock()
    markers = MemoryMarkers(clock, max_bytes=50_000)
    for n in range(100):
        markers.put(marker(f"k{n}", f"o{n}", at=clock(), outcome="x" * 1_000))
    assert len(markers) < 40
    clock.advance(MARKER_TTL_S)
    assert markers.get("k99") is None
    markers.put(marker("new", "ann", at=clock()))
    assert len(markers) == 1


def test_marker_of_a_guest_who_signs_in_is_replaced():
    markers = MemoryMarkers(FakeClock())
    markers.put(marker("k", "s", guest=True))
    markers.put(marker("k", "s", outcome="done"))
    assert len(markers) == 1
    assert markers.get("k").outcome == "done"
    markers.remove("k")
    assert len(markers) == 0


async def test_bytes_of_a_class_follow_every_kind_of_change():
    class Text(Entity):
        model_config = EntityConfig(scope="record", store="memory")
        words: list[str] = []

    clock = FakeClock()
    made = MemoryRepository(max_bytes=100_000, clock=clock)
    await made.open([entity_type(Text, "memory")], ignore_expiry)

    async def put(kind, base, version, words, ttl_s=None):
        text = Text(id="a", words=words)
        await made.commit(Batch([Change(Text, "a", kind, base, version, text, ttl_s=ttl_s)]))

    await put("insert", 0, 1, ["x" * 60_000], 1)
    clock.advance(2)
    await put("insert", 0, 2, ["x" * 60_000])  # in place of the expired one
    await put("update", 2, 3, ["x" * 90_000])
    with pytest.raises(StoreFullError, match="memory_max_bytes"):
        await put("update", 3, 4, ["x" * 60_000, "y" * 60_000])
    await put("update", 3, 4, [])
    await made.commit(Batch([Change(Text, "a", "delete", 4, 5, None)]))

    assert made._bytes[Text] == 0
    await made.close()


def test_small_classes_are_not_sized():
    assert is_small(Cart)
    assert bytes_of(Cart(items=3)) == 0
    assert not is_small(type("Named", (Entity,), {"__annotations__": {"name": str}, "name": ""}))
