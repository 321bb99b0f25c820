"""Visitor-chosen keys are encoded as signal names and decoded as keys."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fasthtml.common import Div, Input
from pydantic import BaseModel
from pydantic import Field as PydanticField

from integration.web.browser import Browser, Sse, Stream, sse_events, unlisted
from starmodel import Entity, Field, event
from starmodel.core.values.signal_names import INHERITED, keys_of

pytestmark = pytest.mark.small

KEYS = ["__proto__.reviveFunctionStrings", "__proto__", "constructor", "prototype", "a.b", "_x"]


class Choice(BaseModel):
    label: str = PydanticField("", alias="__proto__")
    model_config = {"serialize_by_alias": True, "populate_by_name": True}


class Tally(Entity):
    model_config = {"scope": "app", "access": "public"}
    votes: dict[str, int] = Field(default_factory=dict, signal=True)
    tree: dict[str, Any] = Field(default_factory=dict, signal=True)
    choice: Choice = Field(default_factory=Choice, signal=True)

    @event
    def vote(self, option: str) -> Any:
        self.votes[option] = self.votes.get(option, 0) + 1
        self.tree = {"list": [{option: {option: 1}}]}
        self.choice = Choice(label=option)
        return {"mine": {option: 1}, option: 1, "_open": True}

    @event
    def replace(self, votes: dict[str, int]) -> None:
        self.votes = votes


class Notes(Entity):
    model_config = {"store": "local_storage"}
    marks: dict[str, int] = Field(default_factory=dict, signal=True)

    @event
    def mark(self, key: str) -> None:
        self.marks[key] = 1


for _cls in (Tally, Notes):
    unlisted(_cls)


def names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def expect_safe(signals: Any, *, local: tuple[str, ...] = ()) -> None:
    for name in names(signals):
        assert "." not in name, name
        assert name not in INHERITED, name
        assert not name.startswith("_") or name in local, name


def signals_in(events: list[Sse]) -> list[Any]:
    return [each.signals for each in events if "signals" in each.data]


async def settled(stream: Stream) -> list[Sse]:
    """All events of the stream until it is silent."""
    made = []
    try:
        while True:
            made.append(await stream.event(0.1))
    except TimeoutError:
        return made


@pytest.mark.parametrize("key", KEYS)
async def test_response_and_stream_have_no_unsafe_signal_name(
    visit: Callable[..., Browser], key: str
) -> None:
    browser = visit(Tally, Notes)
    page = await browser.page("/tally")
    async with browser.watch(page) as stream:
        await settled(stream)
        reply = await browser.click("/tally/vote", {"option": key})
        assert reply.headers["starmodel-status"] == "200"
        local = ("_open", "_x")  # at the top level they are the developer's own
        for signals in signals_in(sse_events(reply.text)):
            expect_safe(signals, local=local)
        told = signals_in(await settled(stream))
        assert told
        for signals in told:
            expect_safe(signals)
        assert keys_of(told[-1])["Tally"]["votes"] == {key: 1}


@pytest.mark.parametrize("key", KEYS)
async def test_signals_of_a_declared_entity_are_safe(
    visit: Callable[..., Browser], serve: Callable[..., Any], key: str
) -> None:
    app = serve(Tally, Notes)

    @app.get("/own")  # type: ignore[untyped-decorator]
    def own(tally: Tally) -> Any:
        return (
            tally,
            Div(data_signals={"ui": tally.votes, "_open": False, "more": [tally.votes]}, id="d"),
            Input(data_bind=f"picked.{key}"),
            Input(data_bind=Tally.votes_signal[key]),  # type: ignore[attr-defined]
        )

    browser = visit(app)
    await browser.call("POST", "/tally/vote", {"option": key})
    text = (await browser.page("/own")).text
    quoted = re.findall(r"""data-signals=(["'])(.*?)\1""", text)
    declared = [html.unescape(found) for _, found in quoted]
    assert len(declared) == 2
    for found in declared:
        expect_safe(json.loads(found), local=("_open", "_x"))
    for _, path in re.findall(r"""data-bind=(["'])(.*?)\1""", text):
        for part in html.unescape(path).split("."):
            assert part not in INHERITED
            assert not part.startswith("__")


@pytest.mark.parametrize("key", KEYS)
async def test_browser_state_has_safe_signals_and_original_keys(
    visit: Callable[..., Browser], key: str
) -> None:
    browser = visit(Tally, Notes)
    reply = await browser.click("/notes/mark", {"key": key, "_browser": {}})
    (state,) = [each for each in sse_events(reply.text) if each.type == "datastar-browser-state"]
    expect_safe(state.signals)
    assert keys_of(state.signals)["marks"] == {key: 1}
    assert json.dumps(key) in state.data["state"]


async def test_signals_in_requests_decode_to_original_keys(visit: Callable[..., Browser]) -> None:
    browser = visit(Tally, Notes)
    sent = {"%5F_proto__": 1, "a%2Eb": 2, "%63onstructor": 3, "50%25": 4}
    reply = await browser.click("/tally/replace", {"votes": sent})
    assert reply.headers["starmodel-status"] == "200"
    data = (await browser.call("POST", "/tally/vote", {"option": "x"})).json()
    expected = {"__proto__": 1, "a.b": 2, "constructor": 3, "50%": 4, "x": 1}
    assert data["entity"]["votes"] == expected


async def test_json_response_keeps_original_keys(visit: Callable[..., Browser]) -> None:
    browser = visit(Tally, Notes)
    data = (await browser.call("POST", "/tally/vote", {"option": "a.b"})).json()
    assert data["entity"]["votes"] == {"a.b": 1}
    assert data["result"]["mine"] == {"a.b": 1}
