"""The signal tree, its merge patches, and the parser of server-sent events."""

from __future__ import annotations

import pytest

from starmodel.testing import NotOnPageError
from starmodel.testing.browser.datastar.signals import PageSignals, SignalTree
from starmodel.testing.browser.sse import SseReader


@pytest.fixture
def tree():
    tree = SignalTree()
    tree.merge({"Counter": {"count": 1, "name": "a"}, "list": [1, 2], "_open": True})
    return tree


def test_merge_of_nested_objects_replaces_keys_and_null_deletes(tree):
    tree.merge({"Counter": {"count": 2, "name": None}, "list": [3]})
    assert tree.tree == {"Counter": {"count": 2}, "list": [3], "_open": True}


def test_merge_only_missing_leaves_existing_signals(tree):
    tree.merge({"Counter": {"count": 9, "more": 1}, "list": []}, only_missing=True)
    assert tree.tree["Counter"] == {"count": 1, "name": "a", "more": 1}
    assert tree.tree["list"] == [1, 2]


def test_get_by_path_returns_values_lengths_and_list_items(tree):
    assert [tree.get(path) for path in ("Counter.count", "list.length", "list.1", "nothing")] == [
        1, 2, 2, "",
    ]  # fmt: skip


def test_computed_signal_when_read_uses_current_values(tree):
    tree.compute("double", lambda: tree.get("Counter.count") * 2)
    tree.set("Counter.count", 4)
    assert tree.get("double") == 8


def test_matching_by_predicate_returns_only_these_signals(tree):
    assert tree.matching(lambda path: path == "Counter.count") == {"Counter": {"count": 1}}
    assert tree.matching(lambda path: path.startswith("Counter")) == {
        "Counter": {"count": 1, "name": "a"}
    }


def test_page_signals_with_unknown_name_raises_with_existing_names(tree):
    signals = PageSignals(tree, "/own")
    with pytest.raises(NotOnPageError, match=r"/own has no signal 'cuont'; it has Counter\.count,"):
        signals["cuont"]
    assert "Counter.count" in signals
    assert "cuont" not in signals
    signals["list"].append(3)
    assert signals["list"] == [1, 2]  # a copy


def test_sse_reader_fed_byte_by_byte_returns_whole_events():
    reader, text = SseReader(), b": hi\n\nevent: a\ndata: elements <p>\ndata: elements \xc3\xa4\n\n"
    found = [event for byte in text for event in reader.feed(bytes([byte]))]
    assert found == [("a", (("elements", "<p>\nä"),))]
