"""Form pages in a browser: tabs, conditional fields, drafts, leaving, and a server that is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from e2e.apps.contacts import CONTACTS
from e2e.browsing import SERVER_AWAY, Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]
NEW = "/contacts/new"


@pytest.fixture(scope="module")
def contacts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("contacts"), CONTACTS) as server:
        yield server


def stored_drafts(page: Page) -> list[str]:
    return page.evaluate(  # type: ignore[no-any-return]
        "Object.keys(localStorage).filter((key) => key.startsWith('starmodel-draft:'))"
    )


def test_tabs_follow_the_keyboard_and_open_for_a_refused_input(
    contacts: Server, visit: Visit
) -> None:
    page = visit(contacts).open(NEW, live=False)
    contract, notes = (
        page.get_by_role("tab", name="Contract"),
        page.get_by_role("tab", name="Notes"),
    )
    expect(page.locator("[name=about]")).to_be_hidden()
    contract.focus()
    page.keyboard.press("ArrowRight")
    expect(notes).to_be_focused()
    expect(notes).to_have_attribute("aria-selected", "true")
    expect(page.locator("[name=about]")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(contract).to_be_focused()
    page.keyboard.press("End")
    expect(notes).to_be_focused()

    page.fill("[name=name]", "Ann")
    page.locator("[name=code]").evaluate("(el) => { el.value = 'wrong' }")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("[name=code]")).to_be_focused()
    expect(contract).to_have_attribute("aria-selected", "true")
    expect(contract).to_have_attribute("data-refused", "")
    expect(page.get_by_text("Write it like PE-001.")).to_be_visible()
    expect(page.locator("#starmodel-toasts > *")).to_have_count(0)


def test_all_panels_and_fields_are_displayed_without_javascript(
    contacts: Server, visit: Visit
) -> None:
    page = visit(contacts, java_script_enabled=False).open(NEW, live=False)
    for name in ("code", "about", "vat", "discount"):
        expect(page.locator(f"[name={name}]")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.get_by_role("heading", name="Notes")).to_be_visible()


def test_conditional_fields_are_hidden_and_not_sent(contacts: Server, visit: Visit) -> None:
    page = visit(contacts).open(NEW, live=False)
    vat, discount = page.locator("[name=vat]"), page.locator("[name=discount]")
    expect(vat).to_be_hidden()
    expect(discount).to_be_hidden()
    page.get_by_label("Is vip").check(force=True)
    expect(discount).to_be_visible()
    page.select_option("[name=kind]", "company")
    expect(vat).to_be_visible()
    page.fill("[name=vat]", "DE1")
    page.select_option("[name=kind]", "person")
    expect(vat).to_be_hidden()
    assert "vat" not in page.evaluate(
        "[...new FormData(document.getElementById('Contact-create')).keys()]"
    )


def test_draft_survives_a_restart_and_is_discarded(contacts: Server, visit: Visit) -> None:
    ann = visit(contacts)
    page = ann.open(NEW, live=False)
    page.on("dialog", lambda dialog: dialog.accept())
    page.fill("[name=name]", "Unfinished <b>")
    page.select_option("[name=kind]", "company")
    page.fill("[name=vat]", "DE7")
    page.reload()
    ann.expect_errors(*SERVER_AWAY)
    contacts.kill()
    contacts.start()
    page.reload()
    expect(page.locator("[name=name]")).to_have_value("Unfinished <b>")
    expect(page.locator("[name=vat]")).to_have_value("DE7")
    expect(page.locator(".sm-draft [role=status]")).to_contain_text("restored")

    page.get_by_role("button", name="Discard draft").click()
    expect(page.locator("[name=name]")).to_have_value("")
    expect(page.locator("[name=vat]")).to_be_hidden()
    assert stored_drafts(page) == []
    page.reload()
    expect(page.locator(".sm-draft")).to_have_count(0)


def test_saved_form_leaves_no_draft_and_asks_nothing(contacts: Server, visit: Visit) -> None:
    page = visit(contacts).open(NEW, live=False)
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    page.fill("[name=name]", "Saved")
    expect(page.locator("[name=name]")).to_have_value("Saved")
    page.wait_for_function(
        "Object.keys(localStorage).some((key) => key.startsWith('starmodel-draft:'))"
    )
    page.get_by_role("button", name="Save and add another").click()
    expect(page.locator("[name=name]")).to_have_value("")
    expect(page).to_have_url(f"{contacts.url}{NEW}")
    assert stored_drafts(page) == []
    assert asked == []


def test_leaving_asks_once_something_is_typed(contacts: Server, visit: Visit) -> None:
    page = visit(contacts).open(NEW, live=False)
    page.get_by_role("link", name="Badges").click()
    expect(page).to_have_url(f"{contacts.url}/badges")
    page.goto(NEW)
    page.fill("[name=name]", "Typed")
    page.get_by_role("link", name="Badges").click()
    page.get_by_role("dialog").get_by_role("button", name="Stay").click()
    expect(page).to_have_url(f"{contacts.url}{NEW}")
    page.get_by_role("link", name="Badges").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page).to_have_url(f"{contacts.url}/badges")
    page.goto(NEW)
    expect(page.locator("[name=name]")).to_have_value("Typed")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(page).to_have_url(f"{contacts.url}/contacts")
    assert stored_drafts(page) == []


def test_browser_asks_before_an_unsaved_page_is_closed(contacts: Server, visit: Visit) -> None:
    page = visit(contacts).open(NEW, live=False)
    kinds: list[str] = []

    def answer(dialog: Dialog) -> None:
        kinds.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.reload()
    assert kinds == []
    page.locator("[name=name]").press_sequentially("x")
    page.reload()
    assert kinds == ["beforeunload"]


def test_draft_of_an_older_version_says_so(contacts: Server, visit: Visit) -> None:
    ann = visit(contacts)
    page = ann.open(NEW, live=False)
    page.on("dialog", lambda dialog: dialog.accept())
    page.fill("[name=name]", "Versions")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Versions")
    url = page.url
    page.goto(f"{url}/edit")
    page.get_by_role("tab", name="Notes").click()
    page.fill("[name=website]", "mine")
    page.wait_for_function(
        "Object.keys(localStorage).some((key) => key.startsWith('starmodel-draft:'))"
    )
    other = ann.open(f"{url}/edit", live=False)
    other.on("dialog", lambda dialog: dialog.accept())
    expect(other.locator(".sm-draft")).to_contain_text("restored")
    changed = ann.context.request.patch(
        url, data={"name": "Newer"}, headers={"accept": "application/json", "origin": contacts.url}
    )
    assert changed.ok
    page.reload()
    expect(page.locator(".sm-draft")).to_contain_text("The record has changed since then.")
    expect(page.locator("[name=name]")).to_have_value("Newer")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Newer")
    state = ann.context.request.get(url, headers={"accept": "application/json"}).json()
    assert (state["name"], state["website"]) == ("Newer", "mine")


def test_form_is_sent_once_the_server_is_back(serve: Callable[..., Server], visit: Visit) -> None:
    server = serve(CONTACTS)
    ann = visit(server)
    ann.expect_errors(*SERVER_AWAY)
    page = ann.open(NEW, live=False)
    page.fill("[name=name]", "Patient")
    server.kill()
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".sm-away")).to_contain_text("saving is tried again")
    expect(page.locator("[name=name]")).to_have_value("Patient")
    server.start()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patient")
    answer = ann.context.request.get("/contacts?total=1", headers={"accept": "application/json"})
    assert answer.json()["total"] == 1


def test_previous_and_next_follow_the_list(contacts: Server, visit: Visit) -> None:
    ann = visit(contacts)
    for name in ("Next A", "Next B"):
        ann.context.request.post(
            "/contacts",
            data={"name": name},
            headers={"accept": "application/json", "origin": contacts.url},
        )
    page = ann.open("/contacts?search=Next&order=-name")
    page.get_by_role("link", name="Next B").click()
    expect(page.get_by_role("link", name="Previous")).to_have_count(0)
    page.get_by_role("link", name="Next: Next A").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Next A")
    page.reload()
    page.get_by_role("link", name="Previous: Next B").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Next B")


def test_only_the_pressed_button_waits(contacts: Server, visit: Visit) -> None:
    page = visit(contacts).open(NEW, live=False)
    page.fill("[name=name]", "Waits")
    held: list[Route] = []

    def hold(route: Route) -> None:
        is_command = (
            route.request.method == "POST" and "starmodel-check" not in route.request.headers
        )
        held.append(route) if is_command else route.continue_()

    page.route("**/*", hold)
    pressed = page.get_by_role("button", name="Save and add another")
    pressed.click()
    expect(page.locator("[data-busy]")).to_have_count(1)
    expect(pressed).to_have_attribute("data-busy", "")
    for route in held:
        route.continue_()
    expect(page.locator("[name=name]")).to_have_value("")


def test_footer_on_a_phone_is_one_line_and_keeps_every_way_to_save(
    contacts: Server, visit: Visit
) -> None:
    page = visit(contacts, viewport={"width": 390, "height": 844}).open(NEW, live=False)
    bar = page.locator(".sm-form-go")
    box = bar.bounding_box()
    assert box is not None
    assert box["height"] < 70
    assert box["y"] + box["height"] == 844
    expect(bar.get_by_role("link", name="Cancel")).to_be_in_viewport()
    another = page.get_by_role("button", name="Save and add another")
    another.scroll_into_view_if_needed()
    above, below = another.bounding_box(), bar.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]
