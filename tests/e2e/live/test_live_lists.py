"""Live lists follow their records, and leave rows with focus or input in place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.apps.lists import LISTS
from e2e.browsing import SERVER_AWAY, Visitor, hide, show
from e2e.serving import Server

Visit = Callable[..., Visitor]
_projects = (f"project{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("lists"), LISTS) as server:
        yield server


class Work:
    """Changes from another client, all in one project that no other test uses."""

    def __init__(self, visitor: Visitor, path: str = "/tasks") -> None:
        self._api, self.path, self.project = visitor.context.request, path, next(_projects)
        self._ids: dict[str, str] = {}

    def __call__(self, method: str, path: str, **data: Any) -> Any:
        headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
        answer = self._api.fetch(path, method=method, data=data or None, headers=headers)
        assert answer.ok, answer.text()
        return answer.json()

    def make(self, *names: str, **values: Any) -> None:
        for rank, name in enumerate(names):
            data = {"name": name, "project": self.project, "rank": rank} | values
            self._ids[name] = self("POST", self.path, **data)["entity"]["id"]

    def change(self, name: str, /, **values: Any) -> None:
        self("PATCH", f"{self.path}/{self._ids[name]}", **values)

    def delete(self, name: str) -> None:
        self("DELETE", f"{self.path}/{self._ids[name]}")

    def url(self, **asked: Any) -> str:
        words = {"project": self.project, "order": "rank", **asked}
        base = "/drafts-page" if self.path == "/drafts" else self.path
        return f"{base}?{'&'.join(f'{k}={v}' for k, v in words.items())}"


@pytest.fixture
def visitor(lists: Server, visit: Visit) -> Visitor:
    return visit(lists)


@pytest.fixture
def work(lists: Server, visit: Visit) -> Work:
    return Work(visit(lists))


def row(page: Page, name: str) -> Locator:
    named = page.locator(f":is(.sm-open, .name):text-is('{name}')")
    return page.locator("tbody tr[data-key]").filter(has=named)


def expect_names(page: Page, *names: str) -> None:
    cells = page.locator("tbody tr[data-key] :is(.sm-open, .name)")
    expect(cells).to_have_text(list(names))


def point_at(page: Page, at: Locator) -> None:
    """Move the mouse there, as a hand does."""
    box = at.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2, steps=3)


def test_create_update_and_delete_show_in_every_window(
    lists: Server, visit: Visit, work: Work
) -> None:
    first, second = visit(lists).open(work.url()), visit(lists).open(work.url(order="-rank"))
    expect(first.get_by_text("No tasks match.")).to_be_visible()
    work.make("Ann", "Bob", "Cid")
    expect_names(first, "Ann", "Bob", "Cid")
    expect_names(second, "Cid", "Bob", "Ann")
    work.change("Bob", rank=9)
    expect_names(first, "Ann", "Cid", "Bob")
    expect_names(second, "Bob", "Cid", "Ann")
    work.change("Bob", name="Bo<b>b")
    expect_names(first, "Ann", "Cid", "Bo<b>b")
    expect(row(first, "Bo<b>b")).to_have_attribute("data-changed", "")
    for name in ("Ann", "Bob", "Cid"):
        work.delete(name)
    for page in (first, second):
        expect(page.get_by_text("No tasks match.")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(1)


def test_filter_and_pages_keep_their_members(visitor: Visitor, work: Work) -> None:
    work.make(*"abcde")
    undone = visitor.open(work.url(done="false"))
    second = visitor.open(work.url(page="2", per_page="2"))
    expect_names(undone, *"abcde")
    expect_names(second, *"cd")
    expect(second.get_by_role("link", name="Next")).to_be_visible()
    work.change("b", done=True)
    expect_names(undone, *"acde")
    expect_names(second, *"cd")
    work.change("b", done=False)
    expect_names(undone, *"abcde")
    work.delete("a")
    expect_names(second, *"de")
    expect(second.get_by_role("link", name="Next")).to_have_count(0)
    work.make("z", rank=-1)
    expect_names(second, *"cd")
    expect(second.get_by_role("link", name="Next")).to_be_visible()


def test_only_changed_rows_are_highlighted(visitor: Visitor, work: Work) -> None:
    work.make(*"ab")
    page = visitor.open(work.url())
    page.wait_for_timeout(300)
    expect(page.locator("[data-changed]")).to_have_count(0)
    work.change("a", name="a1")
    expect(row(page, "a1")).to_have_attribute("data-changed", "")
    expect(page.locator("[data-changed]")).to_have_count(1)
    expect(page.locator("[data-changed]")).to_have_count(0)


def test_buttons_of_inserted_rows_work(visitor: Visitor, work: Work) -> None:
    page = visitor.open(work.url(done="false"))
    work.make("Late")
    row(page, "Late").locator("summary").click()
    page.get_by_role("button", name="Finish").click()
    expect_names(page)


def test_open_menu_of_a_row_stays_open_when_the_row_changes(visitor: Visitor, work: Work) -> None:
    work.make(*"ab")
    page = visitor.open(work.url(done="false"))
    row(page, "a").locator("summary").click()
    finish = page.get_by_role("button", name="Finish")
    finish.focus()
    work.change("a", rank=7)
    expect(row(page, "a")).to_contain_text("7")
    expect(finish).to_be_focused()
    finish.click()
    expect_names(page, "b")


def test_rows_do_not_move_under_an_active_pointer(visitor: Visitor, work: Work) -> None:
    work.make(*"abc")
    page = visitor.open(work.url())
    point_at(page, row(page, "b"))
    before = row(page, "b").bounding_box()
    work.make("z", rank=-1)  # above
    work.change("c", name="c1")  # in place, at once
    expect_names(page, "a", "b", "c1")
    work.make("y", rank=-2)
    page.wait_for_timeout(400)
    expect_names(page, "a", "b", "c1")
    assert row(page, "b").bounding_box() == before
    page.mouse.move(5, 5)
    expect_names(page, "y", "z", "a", "b", "c1")


def test_rows_below_the_pointer_update_immediately(visitor: Visitor, work: Work) -> None:
    work.make(*"abc")
    page = visitor.open(work.url())
    point_at(page, row(page, "a"))
    work.delete("b")
    expect_names(page, "a", "c")
    assert page.evaluate("document.querySelectorAll('[data-removed]').length") == 0


def test_deleted_row_under_the_pointer_is_removed_when_idle(visitor: Visitor, work: Work) -> None:
    work.make(*"abc")
    page = visitor.open(work.url())
    point_at(page, row(page, "b"))
    work.delete("b")
    expect(row(page, "b")).to_have_attribute("data-removed", "")
    assert row(page, "b").evaluate("row => row.inert")
    page.wait_for_timeout(500)
    expect_names(page, *"abc")
    expect_names(page, *"ac")  # 2.5 s after the last movement


def test_row_recreated_during_a_deferred_removal_is_restored(visitor: Visitor, work: Work) -> None:
    work.make(*"ab")
    page = visitor.open(work.url(done="false"))
    point_at(page, row(page, "a"))
    work.change("a", done=True)
    expect(row(page, "a")).to_have_attribute("data-removed", "")
    work.change("a", done=False)
    expect(page.locator("[data-removed]")).to_have_count(0)
    assert not row(page, "a").evaluate("row => row.inert")
    expect_names(page, *"ab")


@pytest.mark.parametrize("moving", ["moveBefore", "insertBefore"])
def test_row_keeps_focus_and_input(lists: Server, visit: Visit, moving: str) -> None:
    ann = visit(lists)
    if moving == "insertBefore":  # browsers without moveBefore
        ann.context.add_init_script("delete Element.prototype.moveBefore")
    work = Work(ann, "/drafts")
    work.make(*"abc")
    page = ann.open(work.url())
    note = page.get_by_label("Note b")
    note.fill("half a sent")
    note.evaluate("input => input.setSelectionRange(2, 5)")
    page.get_by_label("Pick b").check()
    page.get_by_label("Size b").select_option("M")
    row(page, "b").locator("summary").click()
    note.focus()
    work.change("b", name="b", rank=-5)  # moved to the top, with another text in its details
    expect_names(page, *"bac")
    expect(row(page, "b").locator("details p")).to_have_text("-5")
    expect(note).to_be_focused()
    expect(note).to_have_value("half a sent")
    assert note.evaluate("i => [i.selectionStart, i.selectionEnd]") == [2, 5]
    expect(page.get_by_label("Pick b")).to_be_checked()
    expect(page.get_by_label("Size b")).to_have_value("M")
    assert row(page, "b").locator("details").evaluate("details => details.open")

    other = Work(visit(lists), "/drafts")
    other._ids = work._ids
    other.change("b", project=work.project)  # nothing new
    work.change("b", rank=-6)
    expect(row(page, "b").locator("details p")).to_have_text("-6")
    expect(note).to_have_value("half a sent")


def test_deleted_row_stays_while_its_input_has_focus(lists: Server, visit: Visit) -> None:
    ann = visit(lists)
    work = Work(ann, "/drafts")
    work.make(*"abc")
    page = ann.open(work.url())
    note = page.get_by_label("Note b")
    note.press("End")
    page.keyboard.type(" and more")
    work.delete("b")
    expect(row(page, "b")).to_have_attribute("data-removed", "")
    page.keyboard.type(" still")
    page.wait_for_timeout(2800)
    page.keyboard.type(" here")
    expect(note).to_be_focused()
    expect(note).to_have_value(f"{work.project} and more still here")
    work.make("d", rank=7)
    page.wait_for_timeout(2800)
    expect_names(page, *"abcd")
    note.blur()
    expect_names(page, *"acd")


def test_new_rows_above_wait_while_the_list_is_scrolled(visitor: Visitor, work: Work) -> None:
    work.make(*(f"task {n:02}" for n in range(40)))
    page = visitor.open(work.url(per_page="100"))
    row(page, "task 30").scroll_into_view_if_needed()
    before = row(page, "task 30").bounding_box()
    work.make("new", rank=-1)
    show = page.get_by_role("button", name="1 new")
    expect(show).to_be_visible()
    work.delete("task 02")
    work.delete("task 03")
    expect(row(page, "task 03")).to_have_count(0)
    page.wait_for_timeout(200)
    after = row(page, "task 30").bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) < 2
    expect(row(page, "new")).to_have_count(0)
    show.click()
    expect(row(page, "new").locator(".sm-open")).to_be_focused()
    expect(show).to_have_count(0)


def test_focus_on_a_removed_link_moves_to_the_next_row(visitor: Visitor, work: Work) -> None:
    work.make(*"abc")
    page = visitor.open(work.url())
    row(page, "b").locator(".sm-open").focus()
    work.delete("b")
    expect_names(page, *"ac")
    assert row(page, "c").evaluate("row => row.contains(document.activeElement)")


def test_hidden_tab_catches_up_and_highlights_new_rows(visitor: Visitor, work: Work) -> None:
    work.make(*"abc")
    page = visitor.open(work.url())
    hide(page)
    work.change("a", name="a1")
    work.delete("b")
    expect_names(page, *"abc")
    show(page)
    expect_names(page, "a1", "c")
    expect(row(page, "a1")).to_have_attribute("data-changed", "")
    expect(page.locator("[data-changed]")).to_have_count(1)


def test_unchanged_list_is_not_sent_again(visitor: Visitor, work: Work) -> None:
    work.make(*"ab")
    page = visitor.open(work.url())
    page.evaluate(
        "() => { window.rows = 0; document.addEventListener('datastar-fetch', ({detail}) => {"
        " window.rows += detail.type === 'starmodel-rows' }, true) }"
    )
    hide(page)
    show(page)
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    page.wait_for_timeout(300)
    assert page.evaluate("window.rows") == 0
    work.change("a", name="a1")
    expect_names(page, "a1", "b")


def test_list_after_a_server_restart_is_current(serve: Callable[..., Server], visit: Visit) -> None:
    server = serve(LISTS)
    ann, bob = visit(server), visit(server)
    ann.expect_errors(*SERVER_AWAY)
    work = Work(bob)
    work.make(*"ab")
    page = ann.open(work.url())
    expect_names(page, *"ab")
    server.kill()
    expect(page.get_by_role("status").first).to_contain_text("Connection lost")
    server.start()
    work.make("c")  # the memory store began anew
    expect_names(page, "c")
    work.change("c", name="d")
    expect_names(page, "d")


def test_selected_rows_run_one_event_and_are_deselected(
    lists: Server, visit: Visit, work: Work
) -> None:
    work.make("Ann", "Bob", "Cid")
    first, second = visit(lists).open(work.url()), visit(lists).open(work.url(done="false"))
    for name in ("Ann", "Cid"):
        row(first, name).get_by_role("checkbox").check()
    expect(first.get_by_text("2 chosen")).to_be_visible()
    first.locator(".sm-bulk").get_by_role("button", name="Finish").click()
    expect(first.locator("[data-toast=success]")).to_contain_text("Finish: done for 2 tasks.")
    expect_names(second, "Bob")
    expect(first.locator("tbody input:checked")).to_have_count(0)
    expect(first.locator(".sm-bulk")).not_to_be_visible()

    row(first, "Bob").get_by_role("checkbox").check()
    first.locator(".sm-bulk").get_by_role("button", name="Delete").click()
    yes = first.get_by_role("dialog").get_by_role("button", name="Delete")
    expect(first.get_by_role("dialog")).to_contain_text("Delete 1 task?")
    expect(yes).to_have_class("uk-btn uk-btn-destructive")
    yes.click()
    expect_names(first, "Ann", "Cid")
    expect(second.get_by_text("No tasks match.")).to_be_visible()
