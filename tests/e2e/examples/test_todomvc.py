"""examples/todomvc against the selectors and requirements of TodoMVC's specification."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.browsing import SERVER_AWAY, Visitor
from e2e.serving import Server, example_server

Visit = Callable[..., Visitor]
FIRST, SECOND, THIRD = "buy some cheese", "feed the cat", "book a doctors appointment"


@pytest.fixture(scope="module")
def todomvc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with example_server(tmp_path_factory.mktemp("todomvc"), "todomvc") as server:
        yield server


@pytest.fixture
def page(todomvc: Server, visit: Visit) -> Page:
    """A new visitor with an empty list."""
    return visit(todomvc).open("/")


@pytest.fixture
def three(page: Page) -> Page:
    for title in (FIRST, SECOND, THIRD):
        add(page, title)
    return page


def add(page: Page, title: str) -> None:
    before = items(page).count()
    page.locator("input.new-todo").fill(title)
    page.keyboard.press("Enter")
    expect(items(page)).to_have_count(before + 1)


def items(page: Page) -> Locator:
    return page.locator("ul.todo-list > li")


def expect_shown(page: Page, *titles: str) -> None:
    expect(items(page).filter(visible=True).locator("label")).to_have_text(list(titles))


def expect_completed(page: Page, *wanted: bool) -> None:
    for item, is_completed in zip(items(page).all(), wanted, strict=True):
        expect(item.locator("input.toggle")).to_be_checked(checked=is_completed)
        if is_completed:
            expect(item).to_have_class(re.compile(r"\bcompleted\b"))
        else:
            expect(item).not_to_have_class(re.compile(r"\bcompleted\b"))


def edit(page: Page, number: int) -> Locator:
    items(page).nth(number).locator("label").dblclick()
    box = items(page).nth(number).locator("input.edit")
    expect(box).to_be_focused()
    return box


# No todos, new todo


def test_new_todo_has_the_focus_when_the_page_opens(page: Page) -> None:
    expect(page.locator("section.todoapp > header.header > h1")).to_have_text("todos")
    expect(page.locator("header.header > input.new-todo")).to_be_focused()


def test_main_and_footer_are_hidden_without_todos(page: Page) -> None:
    expect(items(page)).to_have_count(0)
    expect(page.locator(".main")).to_be_hidden()
    expect(page.locator(".footer")).to_be_hidden()


def test_main_and_footer_are_shown_with_a_todo(page: Page) -> None:
    add(page, FIRST)
    expect(page.locator(".main")).to_be_visible()
    expect(page.locator("footer.footer")).to_be_visible()


def test_enter_appends_the_todo_and_clears_the_input(page: Page) -> None:
    add(page, FIRST)
    expect(page.locator(".new-todo")).to_have_value("")
    expect(page.locator(".new-todo")).to_be_focused()
    add(page, SECOND)
    expect_shown(page, FIRST, SECOND)


def test_title_is_trimmed(page: Page) -> None:
    add(page, f"   {FIRST}  ")
    assert items(page).locator("label").text_content() == FIRST


def test_empty_title_adds_nothing(page: Page) -> None:
    for text in ("", "   "):
        page.locator(".new-todo").fill(text)
        page.keyboard.press("Enter")
    add(page, FIRST)
    expect_shown(page, FIRST)


def test_title_is_text_and_never_markup_or_code(page: Page) -> None:
    for title in (
        "<img src=x onerror=alert(1)>",
        "it's \"quoted\" & `ticked` ${1} $title @post('/')",
    ):
        add(page, title)
        expect(items(page).last.locator("label")).to_have_text(title)
        expect(items(page).last.locator("input.edit")).to_have_value(title)


def test_fast_typing_loses_no_todo(page: Page) -> None:
    titles = [f"number {n}" for n in range(8)]
    for title in titles:
        page.locator(".new-todo").fill(title)
        page.keyboard.press("Enter")
    expect(items(page)).to_have_count(8)
    assert sorted(items(page).locator("label").all_inner_texts()) == titles


# Mark all as completed


def test_toggle_all_completes_all_and_clears_all(three: Page) -> None:
    three.locator("label[for=toggle-all]").click()
    expect_completed(three, True, True, True)
    three.locator("label[for=toggle-all]").click()
    expect_completed(three, False, False, False)


def test_toggle_all_follows_the_items(three: Page) -> None:
    toggle_all = three.locator("input.toggle-all")
    for item in items(three).all():
        item.locator(".toggle").check()
    expect(toggle_all).to_be_checked()
    items(three).first.locator(".toggle").uncheck()
    expect(toggle_all).not_to_be_checked()
    items(three).first.locator(".toggle").check()
    expect(toggle_all).to_be_checked()
    add(three, "one more")
    expect(toggle_all).not_to_be_checked()


# Item


def test_item_has_the_markup_of_todomvc(page: Page) -> None:
    add(page, FIRST)
    for part in (".view > input.toggle[type=checkbox]", ".view > label", ".view > button.destroy"):
        expect(items(page).locator(part)).to_have_count(1)
    expect(items(page).locator("> input.edit")).to_be_hidden()


def test_item_is_completed_and_opened_again(three: Page) -> None:
    items(three).nth(1).locator(".toggle").check()
    expect_completed(three, False, True, False)
    items(three).nth(1).locator(".toggle").uncheck()
    expect_completed(three, False, False, False)


def test_destroy_is_shown_under_the_pointer_and_removes_the_item(three: Page) -> None:
    second = items(three).nth(1)
    expect(second.locator(".destroy")).to_have_css("opacity", "0")
    second.hover()
    expect(second.locator(".destroy")).to_have_css("opacity", "1")
    second.locator(".destroy").click()
    expect_shown(three, FIRST, THIRD)


# Editing


def test_double_click_edits_with_focus_and_hides_the_view(three: Page) -> None:
    box = edit(three, 1)
    expect(items(three).nth(1)).to_have_class(re.compile(r"\bediting\b"))
    expect(items(three).nth(1).locator(".view")).to_be_hidden()
    expect(items(three).nth(0).locator(".view")).to_be_visible()
    expect(box).to_have_value(SECOND)


@pytest.mark.parametrize("leave", ["Enter", "blur"])
def test_edit_is_saved_trimmed_by_enter_and_by_leaving(three: Page, leave: str) -> None:
    edit(three, 1).fill("  buy some sausages  ")
    if leave == "Enter":
        three.keyboard.press("Enter")
    else:
        three.locator("h1").click()
    expect_shown(three, FIRST, "buy some sausages", THIRD)
    expect(items(three).nth(1)).not_to_have_class(re.compile(r"\bediting\b"))


def test_escape_puts_the_title_back(three: Page) -> None:
    edit(three, 1).fill("something else")
    three.keyboard.press("Escape")
    expect(items(three).nth(1)).not_to_have_class(re.compile(r"\bediting\b"))
    expect_shown(three, FIRST, SECOND, THIRD)
    expect(edit(three, 1)).to_have_value(SECOND)


def test_edit_to_nothing_destroys_the_item(three: Page) -> None:
    edit(three, 1).fill("   ")
    three.keyboard.press("Enter")
    expect_shown(three, FIRST, THIRD)


def test_edit_survives_a_change_from_another_tab(three: Page, todomvc: Server) -> None:
    other = three.context.new_page()
    other.goto("/")
    box = edit(three, 0)
    box.fill("half way")
    add(other, "meanwhile")
    expect(items(three)).to_have_count(4)
    expect(box).to_have_value("half way")
    expect(box).to_be_focused()
    three.keyboard.press("Enter")
    expect_shown(other, "half way", SECOND, THIRD, "meanwhile")


# Counter, clear completed


def test_counter_has_a_strong_number_and_the_right_plural(page: Page) -> None:
    add(page, FIRST)
    expect(page.locator("span.todo-count")).to_have_text("1 item left")
    expect(page.locator("span.todo-count > strong")).to_have_text("1")
    add(page, SECOND)
    expect(page.locator(".todo-count")).to_have_text("2 items left")
    for item in items(page).all():
        item.locator(".toggle").check()
    expect(page.locator(".todo-count")).to_have_text("0 items left")


def test_clear_completed_is_shown_when_useful_and_clears(three: Page) -> None:
    clear = three.locator("button.clear-completed")
    expect(clear).to_be_hidden()
    items(three).nth(1).locator(".toggle").check()
    expect(clear).to_have_text("Clear completed")
    clear.click()
    expect_shown(three, FIRST, THIRD)
    expect(clear).to_be_hidden()


# Routing


def test_filters_show_matching_items_and_one_is_selected(three: Page) -> None:
    selected = three.locator("ul.filters a.selected")
    items(three).nth(1).locator(".toggle").check()
    expect(selected).to_have_text("All")
    three.get_by_role("link", name="Active").click()
    expect_shown(three, FIRST, THIRD)
    expect(selected).to_have_text("Active")
    assert three.url.endswith("#/active")
    three.get_by_role("link", name="Completed").click()
    expect_shown(three, SECOND)
    expect(selected).to_have_text("Completed")
    three.get_by_role("link", name="All").click()
    expect_shown(three, FIRST, SECOND, THIRD)
    assert three.url.endswith("#/")


def test_back_button_restores_earlier_filters(three: Page) -> None:
    items(three).nth(1).locator(".toggle").check()
    for name in ("All", "Active", "Completed"):
        three.get_by_role("link", name=name).click()
    expect_shown(three, SECOND)
    three.go_back()
    expect_shown(three, FIRST, THIRD)
    three.go_back()
    expect_shown(three, FIRST, SECOND, THIRD)


def test_filter_applies_while_items_change(three: Page) -> None:
    three.get_by_role("link", name="Active").click()
    items(three).nth(0).locator(".toggle").check()
    expect_shown(three, SECOND, THIRD)


def test_filter_stays_after_a_reload(three: Page) -> None:
    items(three).nth(1).locator(".toggle").check()
    three.get_by_role("link", name="Completed").click()
    three.reload()
    expect_shown(three, SECOND)
    expect(three.locator("a.selected")).to_have_text("Completed")


# Persistence, tabs, visitors


def test_todos_stay_after_a_reload_and_are_not_being_edited(three: Page) -> None:
    items(three).nth(1).locator(".toggle").check()
    expect_completed(three, False, True, False)
    edit(three, 0)
    three.reload()
    expect_shown(three, FIRST, SECOND, THIRD)
    expect_completed(three, False, True, False)
    expect(three.locator("li.editing")).to_have_count(0)


def test_todos_survive_a_restart_of_the_server(tmp_path: Path, visit: Visit) -> None:
    with example_server(tmp_path, "todomvc") as server:
        visitor = visit(server)
        visitor.expect_errors(*SERVER_AWAY)
        page = visitor.open("/")
        add(page, FIRST)
        server.kill()
        server.start()
        page.reload()
        expect_shown(page, FIRST)


def test_two_tabs_synchronise_with_separate_filters(todomvc: Server, visit: Visit) -> None:
    visitor, stranger = visit(todomvc), visit(todomvc)
    first, second, other = visitor.open("/"), visitor.open("/#/active"), stranger.open("/")
    add(first, FIRST)
    add(first, SECOND)
    expect_shown(second, FIRST, SECOND)
    items(first).nth(0).locator(".toggle").check()
    expect_shown(second, SECOND)
    expect_shown(first, FIRST, SECOND)
    expect(items(other)).to_have_count(0)
