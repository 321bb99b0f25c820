"""The signals of a held page are merged as Datastar merges them."""

from __future__ import annotations

import pytest

from starmodel.testing import NotOnPageError
from starmodel.testing.browser.signals import SignalsSeen, SignalTree
from starmodel.testing.browser.sse import SseReader


@pytest.fixture
def tree():
    made = SignalTree()
    made.merge({"Counter": {"count": 1, "name": "a"}, "list": [1, 2], "_open": True})
    return made


def test_patch_is_merged_key_by_key_and_null_deletes(tree):
    tree.merge({"Counter": {"count": 2, "name": None}, "list": [3]})
    assert tree.tree == {"Counter": {"count": 2}, "list": [3], "_open": True}


def test_patch_of_what_is_missing_leaves_the_rest(tree):
    tree.merge({"Counter": {"count": 9, "more": 1}, "list": []}, only_missing=True)
    assert tree.tree["Counter"] == {"count": 1, "name": "a", "more": 1}
    assert tree.tree["list"] == [1, 2]


def test_path_reads_values_lengths_and_places(tree):
    assert [tree.get(path) for path in ("Counter.count", "list.length", "list.1", "nothing")] == [
        1, 2, 2, "",
    ]  # fmt: skip


def test_computed_signal_is_made_when_it_is_read(tree):
    tree.compute("double", lambda: tree.get("Counter.count") * 2)
    tree.set("Counter.count", 4)
    assert tree.get("double") == 8


def test_request_carries_what_is_wanted(tree):
    assert tree.sent(lambda path: path == "Counter.count") == {"Counter": {"count": 1}}
    assert tree.sent(lambda path: path.startswith("Counter")) == {
        "Counter": {"count": 1, "name": "a"}
    }


def test_missing_signal_is_told_with_those_that_are_there(tree):
    seen = SignalsSeen(tree, "/own")
    with pytest.raises(NotOnPageError, match=r"/own has no signal 'cuont'; it has Counter\.count,"):
        seen["cuont"]
    assert "Counter.count" in seen
    assert "cuont" not in seen
    seen["list"].append(3)
    assert seen["list"] == [1, 2]  # a copy


def test_events_are_read_over_the_borders_of_pieces():
    reader, text = SseReader(), b": hi\n\nevent: a\ndata: elements <p>\ndata: elements \xc3\xa4\n\n"
    found = [event for byte in text for event in reader.feed(bytes([byte]))]
    assert found == [("a", {"elements": "<p>\nä"})]
