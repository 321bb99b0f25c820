"""Headings, messages and filters are patched around a record or list in use."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.browsing import Visitor, form
from e2e.forms.test_form_constraints import made, read
from e2e.serving import Server

Visit = Callable[..., Visitor]


def test_heading_and_tab_title_update_with_the_record_name(
    page_state: Server, visit: Visit
) -> None:
    ann, bob = visit(page_state), visit(page_state)
    ticket = made(bob, "/tickets", title="Old name")
    page = ann.open(f"/tickets/{ticket['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Old name")
    made(bob, f"/tickets/{ticket['id']}/rename", title="New <name>")
    expect(page.get_by_role("heading", level=1)).to_have_text("New <name>")
    expect(page).to_have_title("New <name> \u00b7 Desk")


def test_toast_before_a_redirect_is_on_the_next_page(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    ticket = made(ann, "/tickets", title="Finish me")
    page = ann.open(f"/tickets/{ticket['id']}")
    page.get_by_role("button", name="Finish").click()
    page.wait_for_url("**/tickets")
    expect(page.locator("#starmodel-toasts")).to_contain_text("Ticket finished")
    page.reload()
    expect(page.locator("#starmodel-toasts")).to_be_empty()


def test_toasts_of_plain_forms_are_on_the_next_page_once(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state, java_script_enabled=False)
    ticket = made(ann, "/tickets", title="By hand")
    page = ann.open(f"/tickets/{ticket['id']}", live=False)
    form(page, "Rename").get_by_label("Title").fill("By pen")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("#starmodel-toasts")).to_contain_text("Renamed")
    page.get_by_role("button", name="Finish").click()
    expect(page).to_have_url(f"{page_state.url}/tickets")
    expect(page.locator("#starmodel-toasts")).to_contain_text("Ticket finished")
    expect(page.locator("#starmodel-toasts")).not_to_contain_text("Renamed")
    page.reload()
    expect(page.locator("#starmodel-toasts")).to_be_empty()


def test_toast_never_covers_the_pressed_control(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state, viewport={"width": 390, "height": 500})
    ticket = made(ann, "/tickets", title="Covered")
    page = ann.open(f"/tickets/{ticket['id']}")
    button = page.get_by_role("button", name="Rename\u2026", exact=True)
    button.evaluate(
        "(el) => scrollTo(0, el.getBoundingClientRect().bottom + scrollY - innerHeight + 40)"
    )
    rename = form(page, "Rename")  # in a dialog that the button opens
    rename.get_by_label("Title").fill("Seen")
    rename.get_by_role("button", name="Rename", exact=True).click()
    toast = page.locator("#starmodel-toasts > *").first
    expect(toast).to_be_visible()
    of, at = button.bounding_box(), toast.bounding_box()
    assert of is not None
    assert at is not None
    assert at["y"] >= of["y"] + of["height"] or at["y"] + at["height"] <= of["y"]


def test_filter_is_applied_while_it_is_chosen_by_arrow_keys(
    page_state: Server, visit: Visit
) -> None:
    ann = visit(page_state)
    made(ann, "/tickets", title="Waiting one", state="waiting")
    page = ann.open("/tickets")
    page.get_by_text("Filters", exact=True).click()
    state = page.get_by_label("State")
    state.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**/tickets?state=waiting*")
    expect(state).to_be_focused()
    state.select_option("open")
    page.wait_for_url("**/tickets?state=open*")
    expect(page.locator(".sm-filter-chip")).to_have_text(["State is Open"])
    page.go_back()
    page.wait_for_url("**/tickets?state=waiting*")
    expect(page.get_by_label("State")).to_have_value("waiting")


def test_inputs_on_a_phone_have_font_size_without_safari_zoom(
    page_state: Server, visit: Visit
) -> None:
    page = visit(page_state, viewport={"width": 390, "height": 844}, has_touch=True).open(
        "/tickets"
    )
    sizes = "(all) => all.map((el) => parseFloat(getComputedStyle(el).fontSize))"
    for path in ("/tickets", "/tickets/new"):
        page.goto(path)
        inputs = page.locator("main :is(input:not([type=hidden], [type=checkbox]), select)")
        assert min(inputs.evaluate_all(sizes)) >= 16


def test_print_layout_has_content_and_no_controls(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    ticket = made(ann, "/tickets", title="Printed")
    page = ann.open(f"/tickets/{ticket['id']}")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("document.documentElement.classList.add('dark')")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    paper = page.locator("html").evaluate("(el) => getComputedStyle(el).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    for hidden in (".sm-side", "#starmodel-toasts", ".sm-actions", ".sm-heading .sm-buttons"):
        expect(page.locator(hidden)).to_be_hidden()


def test_right_to_left_text_has_rtl_layout(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    ticket = made(ann, "/tickets", title="\u0645\u0631\u062d\u0628\u0627 (5)!")
    page = ann.open(f"/tickets/{ticket['id']}")
    direction = "(el) => getComputedStyle(el).direction"
    assert page.locator("h1").evaluate(direction) == "rtl"
    page.goto("/tickets")
    assert page.locator(f"[data-key='{ticket['id']}'] .sm-open").evaluate(direction) == "rtl"
    page.goto(f"/tickets/{ticket['id']}/edit")
    assert page.locator("[name=title]").evaluate(direction) == "rtl"
    assert read(ann, f"/tickets/{ticket['id']}")["title"].startswith("\u0645")
