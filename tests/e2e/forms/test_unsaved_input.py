"""No patch replaces input, open details or a selection that the visitor changed since."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.apps.page_state import PAGE_STATE
from e2e.browsing import SERVER_AWAY, Visitor, expect_state, hide, show
from e2e.serving import Server

Visit = Callable[..., Visitor]
TEXT = "the quick brown fox"


def call(visitor: Visitor, path: str, **data: object) -> None:
    """Run an event as a JSON client."""
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    answer = visitor.context.request.post(path, data=data, headers=headers)
    assert answer.ok, answer.text()


def ticked(page: Page, visitor: Visitor) -> None:
    """Change the board from another client, and wait until the page shows it."""
    before = int(page.inner_text("#n"))
    call(visitor, "/board/tick")
    expect(page.locator("#n")).to_have_text(str(before + 1))


def test_input_typed_while_an_event_runs_is_kept(page_state: Server, visit: Visit) -> None:
    visitor = visit(page_state)
    page = visitor.open("/essay-page")
    page.focus("#title")
    for number, word in enumerate(TEXT.split()):
        page.keyboard.type((" " if number else "") + word, delay=60)
        page.wait_for_timeout((120, 170, 220)[number % 3])
    expect_state(visitor, "/essay", title=TEXT)
    assert page.input_value("#title") == TEXT
    page.reload()
    expect(page.locator("#title")).to_have_value(TEXT)


def test_bound_inputs_survive_a_hidden_tab_and_a_restart(
    serve: Callable[..., Server], visit: Visit
) -> None:
    server = serve(PAGE_STATE)
    ann = visit(server)
    ann.expect_errors(*SERVER_AWAY)
    page = ann.open("/notes")
    typed = {"#note": "half a note", "#motto": "half a motto", "#free": "half free"}
    for selector, text in typed.items():
        page.fill(selector, text)
    hide(page)
    page.wait_for_timeout(100)
    show(page)
    page.wait_for_timeout(600)
    assert {selector: page.input_value(selector) for selector in typed} == typed
    server.kill()
    server.start()
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    page.wait_for_timeout(300)
    assert {selector: page.input_value(selector) for selector in typed} == typed
    # Unsent input stays in the browser's signals; the next event sends it.
    page.get_by_role("button", name="Shout").click()
    expect(page.locator("#motto")).to_have_value("HALF A MOTTO")


def test_external_change_waits_until_the_input_loses_focus(
    page_state: Server, visit: Visit
) -> None:
    ann, bob = visit(page_state), visit(page_state)
    call(bob, "/board/change", motto="one")
    page = ann.open("/notes")
    motto = page.locator("#motto")
    motto.focus()
    motto.evaluate("(input) => input.setSelectionRange(1, 2)")
    call(bob, "/board/change", motto="two")
    ticked(page, bob)
    expect(motto).to_have_value("one")
    assert motto.evaluate("(input) => [input.selectionStart, input.selectionEnd]") == [1, 2]
    motto.blur()
    expect(motto).to_have_value("two")
    motto.fill("mine")
    motto.blur()
    call(bob, "/board/change", motto="three")
    ticked(page, bob)
    expect(motto).to_have_value("mine")
    page.get_by_role("button", name="Shout").click()
    expect(motto).to_have_value("MINE")
    call(bob, "/board/change", motto="four")
    expect(motto).to_have_value("four")


def test_live_part_keeps_unsent_text_selections_and_open_details(
    page_state: Server, visit: Visit
) -> None:
    ann, bob = visit(page_state), visit(page_state)
    page = ann.open("/news")
    page.fill("#plan", "my plan")
    page.fill("#long", "my long plan")
    page.select_option("#size", "S")
    page.set_checked("#box", not page.is_checked("#box"))
    checked = page.is_checked("#box")
    page.locator("#free").fill("my own")
    page.click("#more summary")
    page.click("#less summary")
    page.evaluate("document.querySelector('#dialog').showModal()")
    for _ in range(2):
        ticked(page, bob)
    expect(page.locator("#dialog")).to_be_visible()
    page.evaluate("document.querySelector('#dialog').close()")
    ticked(page, bob)
    assert page.locator("#dialog").is_hidden()
    assert page.input_value("#plan") == "my plan"
    assert page.input_value("#long") == "my long plan"
    assert page.input_value("#size") == "S"
    assert page.is_checked("#box") == checked
    assert page.inner_text("#free") == "my own"
    assert page.evaluate("document.querySelector('#more').open")
    assert not page.evaluate("document.querySelector('#less').open")


def test_untouched_controls_of_a_live_part_follow_it(page_state: Server, visit: Visit) -> None:
    ann, bob = visit(page_state), visit(page_state)
    page = ann.open("/news")
    before = page.input_value("#plan")
    page.focus("#plan")
    ticked(page, bob)
    assert page.input_value("#plan") == before
    page.focus("#size")
    plan = f"plan {page.inner_text('#n')}"
    expect(page.locator("#plan")).to_have_value(plan)
    expect(page.locator("#long")).to_have_value(plan)
    expect(page.locator("#size")).to_have_value("L")


def test_ime_composition_survives_patches(page_state: Server, visit: Visit) -> None:
    ann, bob = visit(page_state), visit(page_state)
    page = ann.open("/news")
    page.fill("#plan", "")
    keyboard = ann.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    ticked(page, bob)
    keyboard.send("Input.insertText", {"text": "\u4f60"})
    expect(page.locator("#plan")).to_have_value("\u4f60")


def test_rows_without_ids_in_a_live_part_warn_the_developer(
    page_state: Server, visit: Visit
) -> None:
    ann, bob = visit(page_state), visit(page_state)
    warnings: list[str] = []
    page = ann.open("/rows")
    page.on("console", lambda message: warnings.append(message.text))
    ticked(page, bob)
    ticked(page, bob)
    assert len([text for text in warnings if 'live part "rows"' in text]) <= 1
    page.reload()
    page.wait_for_timeout(300)
    assert any("give each row an id" in text for text in warnings)


SHOWN = """() => ({
  size: document.querySelector('[type=radio]:checked')?.value,
  sizes: [...document.querySelector('#sizes').selectedOptions].map((option) => option.value),
  day: document.querySelector('#day').value, level: document.querySelector('#level').value})"""
CHOSEN = {"size": "M", "sizes": ["S", "M"], "day": "2027-03-03", "level": "7"}


@pytest.mark.parametrize("path", ["/choices-page", "/chosen"], ids=["bound", "live_part"])
def test_selections_survive_changes_of_another_visitor(
    page_state: Server, visit: Visit, path: str
) -> None:
    ann, bob = visit(page_state), visit(page_state)
    call(bob, "/choices/restore")
    page = ann.open(path)
    page.check("#M")
    page.select_option("#sizes", ["S", "M"])
    page.fill("#day", CHOSEN["day"])
    page.fill("#level", CHOSEN["level"])
    before = int(page.inner_text("#n"))
    call(bob, "/choices/change")
    expect(page.locator("#n")).to_have_text(str(before + 1))
    assert page.evaluate(SHOWN) == CHOSEN
    if path == "/chosen":
        return
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#n")).to_have_text(str(before + 2))
    stored = ann.context.request.get("/choices", headers={"accept": "application/json"}).json()
    assert {name: stored[name] for name in CHOSEN} == {**CHOSEN, "level": 7}
