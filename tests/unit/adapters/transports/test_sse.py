"""Server-sent events: the bytes of patches parse back to the same patches."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from integration.web.browser import sse_events
from starmodel.adapters.frontends.datastar.patches import (
    ACCEPTED,
    FORGET_BROWSER_STATES,
    DatastarPatch,
    open_stream,
    patch_browser_state,
    patch_elements,
    patch_rows,
    patch_signals,
    patch_state,
)
from starmodel.adapters.transports.memory import PART, MemoryTransport
from starmodel.adapters.transports.ndjson import NDJSON
from starmodel.adapters.transports.sse import SSE, frame
from starmodel.app.commands.elements import Element
from starmodel.testing.browser.sse import SseReader

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["", "\r\n", "a\rb", "\n\nevent: x\ndata: y", "data: z", ": c", "\u2028", " spaces "]
)
WORD = st.from_regex(r"[A-Za-z0-9_#.:-]{1,12}", fullmatch=True)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=6,
)
SIGNALS = st.dictionaries(WORD, DATA, max_size=4)
ELEMENT = st.builds(
    Element, TEXT, st.none() | TEXT, st.none() | st.sampled_from(["inner", "append"]),
    st.none() | st.sampled_from(["svg", "mathml"]),
)  # fmt: skip
PATCHES = st.lists(
    st.one_of(
        st.builds(patch_signals, SIGNALS, version=WORD, status=st.none() | st.just(422)),
        st.builds(patch_elements, ELEMENT, leaves=st.booleans()),
        st.builds(
            patch_rows, WORD, WORD, version=WORD, rows=TEXT,
            order=st.none() | st.lists(WORD, min_size=1, max_size=4),
        ),
        st.builds(patch_browser_state, WORD, SIGNALS, st.none() | SIGNALS.map(json.dumps)),
        st.just(FORGET_BROWSER_STATES),
        st.builds(open_stream, WORD, st.just(15.0)),
    ),
    max_size=6,
)  # fmt: skip


def lines_of(patch: DatastarPatch) -> DatastarPatch:
    """The patch with the line breaks that a browser reads."""
    data = tuple((word, re.sub(r"\r\n|\r", "\n", text)) for word, text in patch.data)
    return DatastarPatch(patch.event, data)


@given(PATCHES)
def test_bytes_parse_back_to_the_same_patches(patches: list[DatastarPatch]) -> None:
    expected = [lines_of(patch) for patch in patches]

    parsed = [
        DatastarPatch(e.type, tuple(e.data.items())) for e in sse_events(frame(patches).decode())
    ]

    assert parsed == expected
    assert SseReader().feed(frame(patches)) == expected


@given(PATCHES)
def test_patches_arrive_unchanged_in_memory(patches: list[DatastarPatch]) -> None:
    transport = MemoryTransport()

    assert transport.body(patches[:2]) == PART
    assert transport.join([transport.frame(patches[2:]), transport.heartbeat]) == PART

    assert (transport.take(), transport.take()) == (patches, [])


def test_bytes_of_each_patch_are_those_of_the_protocol() -> None:
    assert frame(ACCEPTED) == (
        b"event: datastar-patch-signals\ndata: status 200\ndata: signals {}\n\n"
    )
    assert frame([patch_signals({"a": 1}, version="C 2", status=200, committed="C 2")]) == (
        b"event: datastar-patch-signals\ndata: version C 2\ndata: status 200\ndata: made C 2\n"
        b'data: signals {"a":1}\n\n'
    )
    assert frame(patch_state("C", {"x": {"k": 1}}, version="C 2")) == (
        b'event: datastar-patch-signals\ndata: version C 2\ndata: signals {"C":{"x":""}}\n\n'
        b'event: datastar-patch-signals\ndata: version C 2\ndata: signals {"C":{"x":{"k":1}}}\n\n'
    )
    assert frame(
        [patch_elements(Element("<p>\r\n</p>", "#a\nb", "inner", "svg"), leaves=True)]
    ) == (
        b"event: datastar-patch-elements\ndata: leaves 1\ndata: selector #a b\ndata: mode inner\n"
        b"data: namespace svg\ndata: elements <p>\ndata: elements </p>\n\n"
    )
    assert frame([patch_rows("L", "d", version="L 1", rows="<li>\n</li>", order=["a", "b"])]) == (
        b"event: starmodel-rows\ndata: version L 1\ndata: list L\ndata: state d\n"
        b"data: order a b\ndata: rows <li>\ndata: rows </li>\n\n"
    )
    assert frame([patch_browser_state("P", {}, ""), FORGET_BROWSER_STATES]) == (
        b"event: datastar-browser-state\ndata: name P\ndata: state \ndata: signals {}\n\n"
        b"event: datastar-browser-forget\n\n"
    )
    assert frame([open_stream("b1", 15.0)]) == (
        b"event: starmodel-open\ndata: build b1\ndata: heartbeat 15.0\n\n"
    )
    assert (SSE.media_type, SSE.heartbeat, frame([])) == (
        b"text/event-stream", b": still here\n\n", b"",
    )  # fmt: skip


@given(st.lists(st.dictionaries(WORD, DATA, max_size=3), max_size=4))
def test_each_json_patch_is_one_line_for_every_reader(patches: list[dict[str, object]]) -> None:
    text = NDJSON.frame(patches).decode()

    assert [json.loads(line) for line in text.splitlines()] == patches
    assert text.count("\n") == len(patches)
