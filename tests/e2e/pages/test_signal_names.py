"""Signal keys chosen by visitors run no script in other browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor, form
from e2e.serving import Server

PROGRAM = """
from fasthtml.common import Button, Div, Input, Main, P
from starmodel import Entity, Field, create_app, event, live

class Poll(Entity):
    model_config = {"scope": "app", "access": "public"}
    votes: dict[str, int] = Field(default_factory=dict, signal=True)
    tree: dict = Field(default_factory=dict, signal=True)
    said: str = ""

    @event
    def vote(self, option: str):
        self.votes[option] = self.votes.get(option, 0) + 1
        return {"mine": {option: 1}, "tree": self.tree}

    @event
    def say(self, text: str):
        self.said = text

    @event
    def clear(self):
        self.votes, self.tree, self.said = {}, {}, ""

    @event
    def plant(self):
        self.tree = {"constructor": {"prototype": {"planted": "1"}}, "toString": {"call": 1},
                     "list": [{"__proto__": {"planted": 1}}]}

class Marks(Entity):
    model_config = {"store": "local_storage"}
    marks: dict[str, int] = Field(default_factory=dict, signal=True)

    @event
    def mark(self, key: str):
        self.marks[key] = self.marks.get(key, 0) + 1

app = create_app()

@app.get("/own")
def own(poll: Poll, marks: Marks):
    option = "__proto__.reviveFunctionStrings"
    return Main(
        poll, marks,
        Div(data_signals={"seen": poll.votes}),
        P(id="votes", data_text=f"JSON.stringify(@decoded({Poll.votes_signal}))"),
        P(id="one", data_text=Poll.votes_signal[option]),
        P(id="said", data_text=Poll.said_signal),
        P(id="marks", data_text=f"JSON.stringify(@decoded({Marks.marks_signal}))"),
        Input(id="option", data_bind="option"), Button("Vote", data_on_click=Poll.vote()),
        Input(id="text", data_bind="text"), Button("Say", data_on_click=Poll.say()),
        Input(id="key", data_bind="key"), Button("Mark", data_on_click=Marks.mark()),
        Button("Plant", data_on_click=Poll.plant()),
        Button("Ask", data_on_click="@get('/json')"),
        P(id="json", data_text="JSON.stringify(@decoded($asked))"),
    )

@app.get("/json")
def as_json():
    return {"asked": {"__proto__.planted": 1, "__proto__": {"planted": 1},
            "constructor": {"prototype": {"planted": 1}}}}
"""
FUNCTION = "() => { window.ran = true }"
POLLUTED = """() => window.ran || ({}).reviveFunctionStrings || ({}).planted ||
  Object.prototype.toString.call !== Function.prototype.call || Object.name !== "Object" """


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("poll"), PROGRAM) as server:
        yield server


@pytest.fixture
def server(running: Server, visit: Callable[..., Visitor]) -> Server:
    """The server of all tests of this module, without votes."""
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    answer = visit(running).context.request.post("/poll/clear", headers=headers)
    assert answer.ok, answer.text()
    return running


def act(page: Page, box: str, value: str, button: str) -> None:
    page.locator(box).fill(value)
    page.get_by_role("button", name=button, exact=True).click()


@pytest.mark.parametrize(
    "option", ["__proto__.reviveFunctionStrings", "__proto__", "constructor", "a.b"]
)
def test_visitor_chosen_keys_run_no_script_for_any_viewer(
    server: Server, visit: Callable[..., Visitor], option: str
) -> None:
    guest, other, generated = (visit(server) for _ in range(3))
    first, second, third = guest.open("/own"), other.open("/own"), generated.open("/poll")
    act(first, "#option", option, "Vote")
    for page in (first, second):
        expect(page.locator("#votes")).to_have_text(f'{{"{option}":1}}')
    act(first, "#text", FUNCTION, "Say")
    act(second, "#option", option, "Vote")
    for page in (first, second):
        expect(page.locator("#votes")).to_have_text(f'{{"{option}":2}}')
        expect(page.locator("#said")).to_have_text(FUNCTION)
    expect(third.locator("dt", has_text=option).first).to_have_text(option)
    box = form(third, "Say")  # under the Content-Security-Policy of generated pages
    box.get_by_label("Text").fill(f"{FUNCTION} ")
    box.get_by_role("button").click()
    expect(third.get_by_text(FUNCTION).first).to_be_visible()
    first.get_by_role("button", name="Plant").click()
    act(second, "#text", "alive", "Say")
    late = other.open("/own")
    for page in (first, second, late):
        expect(page.locator("#said")).to_have_text("alive")
    for page in (first, second, third, late):
        assert not page.evaluate(POLLUTED)


def test_key_of_a_signal_names_one_option(server: Server, visit: Callable[..., Visitor]) -> None:
    page = visit(server).open("/own")
    act(page, "#option", "__proto__.reviveFunctionStrings", "Vote")
    expect(page.locator("#one")).to_have_text("1")


def test_browser_store_with_chosen_keys_survives_tabs_and_reloads(
    server: Server, visit: Callable[..., Visitor]
) -> None:
    visitor = visit(server)
    page, tab = visitor.open("/own"), visitor.open("/own")
    for key in ("__proto__", "a.b"):
        act(page, "#key", key, "Mark")
    for each in (page, tab):
        expect(each.locator("#marks")).to_have_text('{"__proto__":1,"a.b":1}')
    act(tab, "#key", "a.b", "Mark")
    page.reload()
    expect(page.locator("#marks")).to_have_text('{"__proto__":1,"a.b":2}')
    assert not page.evaluate(POLLUTED)


def test_tampered_stored_state_pollutes_no_prototype(
    server: Server, visit: Callable[..., Visitor]
) -> None:
    page = visit(server).open("/own")
    act(page, "#key", "x", "Mark")
    expect(page.locator("#marks")).to_have_text('{"x":1}')
    page.evaluate(
        """() => { for (const key of Object.keys(localStorage)) {
          if (!key.endsWith(":Marks")) continue;
          const entry = JSON.parse(localStorage[key]);
          const signals = '{"marks": {"__proto__.reviveFunctionStrings": 1, "__proto__":'
            + ' {"planted": 1}, "constructor": {"prototype": {"planted": 1}}}}';
          localStorage[key] = `{"state": ${JSON.stringify(entry.state)}, "signals": ${signals}}`;
        } }"""
    )
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    act(page, "#text", FUNCTION, "Say")
    expect(page.locator("#said")).to_have_text(FUNCTION)
    assert not page.evaluate(POLLUTED)


def test_json_response_of_a_user_route_pollutes_no_prototype(
    server: Server, visit: Callable[..., Visitor]
) -> None:
    page = visit(server).open("/own")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#json")).to_contain_text('"__proto__.planted":1')
    assert not page.evaluate(POLLUTED)
