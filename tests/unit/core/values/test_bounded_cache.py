"""Caches hold a bounded number of bytes."""

from __future__ import annotations

import tracemalloc

import pytest

from starmodel.core.values.bounded_cache import BoundedCache, cached, size_of


def test_oldest_entries_are_evicted_beyond_the_bound() -> None:
    cache: BoundedCache[str, str] = BoundedCache(10_000)
    for number in range(100):
        cache.put(str(number), "x" * 200)
    assert cache.nbytes <= 10_000
    assert "99" in cache
    assert "0" not in cache
    assert cache.nbytes == sum(cache._sizes.values())
    assert cache.keys() == cache._sizes.keys()


def test_entry_larger_than_the_bound_is_not_cached() -> None:
    cache: BoundedCache[str, str] = BoundedCache(10_000)
    cache.put("a", "small")
    assert cache.put("b", "x" * 2000) == "x" * 2000
    assert list(cache) == ["a"]


def test_replaced_entry_counts_once_and_discard_frees_its_size() -> None:
    cache: BoundedCache[str, str] = BoundedCache(10_000)
    for _ in range(5):
        cache.put("a", "x" * 100)
    assert len(cache) == 1
    cache.discard("a")
    cache.discard("a")
    assert (len(cache), cache.nbytes) == (0, 0)


def test_item_assignment_is_rejected() -> None:
    cache: BoundedCache[str, str] = BoundedCache(100)
    with pytest.raises(TypeError, match="put"):
        cache["a"] = "b"
    with pytest.raises(TypeError, match="discard"):
        del cache["a"]


def test_size_of_includes_containers_and_sized_objects() -> None:
    class Page:
        nbytes = 5000

    text = "x" * 1000
    assert size_of({"a": [text, (text,)]}) > 2000
    assert size_of((Page(), "x")) > 5000
    assert size_of(Page) == 0


def test_cached_function_runs_once_for_equal_arguments_and_is_bounded() -> None:
    ran: list[str] = []

    @cached(20_000)
    def make(text: str) -> str:
        ran.append(text)
        return text * 2

    assert [make("a"), make("a")] == ["aa", "aa"]
    assert ran == ["a"]
    tracemalloc.start()
    for number in range(2000):
        make(f"{number}" * 100)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del ran[:]
    assert make.cache.nbytes <= 20_000  # type: ignore[attr-defined]
    assert held < 3_000_000
