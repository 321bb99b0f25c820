"""The demo: every page in two windows, or for two visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import SERVER_AWAY, Visitor
from e2e.serving import Server, example_server

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with example_server(tmp_path_factory.mktemp("demo"), "demo") as server:
        yield server


def click(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def number(page: Page, figure: str) -> str:
    tile = page.locator(".own-tile", has=page.get_by_text(figure, exact=True))
    return tile.locator(".own-figure").inner_text()


def titles(page: Page) -> list[str]:
    return page.locator("tbody .sm-open").all_inner_texts()


def test_landing_counts_in_both_windows_of_one_visitor(demo: Server, visit: Visit) -> None:
    ann, bob = visit(demo), visit(demo)
    first, second, other = ann.open("/"), ann.open("/"), bob.open("/")
    expect(first.get_by_role("main")).to_contain_text("self.count += amount")

    click(first, "+1")
    expect(second.locator("#count")).to_have_text("1")
    second.get_by_label("Amount").fill("7")
    click(second, "Add")

    expect(first.locator("#count")).to_have_text("8")
    expect(other.locator("#count")).to_have_text("0")


def test_landing_links_to_working_pages(demo: Server, visit: Visit) -> None:
    page = visit(demo).open("/")
    for name in ("Counter", "Dashboard", "Chat", "Tasks", "Report"):
        page.goto("/")
        page.get_by_role("main").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.get_by_role("link", name="StarModel").first.click()
        expect(page).to_have_url(f"{demo.url}/")


def test_theme_choice_is_stored(demo: Server, visit: Visit) -> None:
    page = visit(demo, color_scheme="light").open("/")
    click(page, "Switch between light and dark")
    expect(page.locator("html.dark")).to_be_attached()
    page.goto("/tasks")
    expect(page.locator("html.dark")).to_be_attached()


@pytest.mark.parametrize("width", [360, 820, 1440])
def test_pages_are_as_wide_as_the_window(demo: Server, visit: Visit, width: int) -> None:
    ann = visit(demo, viewport={"width": width, "height": 800})
    for path in ("/", "/counter", "/dashboard", "/chat", "/tasks", "/report"):
        page = ann.open(path, live=path != "/tasks")
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, path
        bar = page.locator("body > header").bounding_box()
        assert bar is None or bar["width"] >= width - 20, path  # what has classes is left alone
        page.close()


def test_dashboard_figures_and_chart_update_for_every_visitor(demo: Server, visit: Visit) -> None:
    here, there = visit(demo).open("/dashboard"), visit(demo).open("/dashboard")
    bars = there.locator("uk-chart path.apexcharts-bar-area")
    expect(bars).to_have_count(4)
    there.locator("uk-chart > div").evaluate("div => div.dataset.same = '1'")
    orders, cakes = int(number(there, "Orders")), int(bars.last.get_attribute("val") or 0)

    click(here, "Sell a cake")

    expect(there.locator("#figures")).to_contain_text(str(orders + 1))
    expect(bars.last).to_have_attribute("val", str(cakes + 1))
    expect(there.locator("#latest tbody tr").first).to_contain_text(f"#{orders + 1}")
    expect(there.locator("uk-chart > div[data-same]")).to_have_count(1)  # it moved: no flicker

    click(there, "Lunch rush")
    expect(here.locator("#figures")).to_contain_text(str(orders + 13), timeout=15_000)


def test_chat_arrives_at_another_visitor_and_keeps_the_name(demo: Server, visit: Visit) -> None:
    here, there = visit(demo).open("/chat"), visit(demo).open("/chat")
    expect(there.locator("#messages")).to_contain_text("Nobody has said anything yet.")
    here.get_by_label("Your name").fill("Ann")
    text = here.get_by_role("textbox", name="Message")
    for n in range(12):
        text.fill(f"Line {n} <b>")
        text.press("Enter")
        expect(there.locator("#messages").get_by_text(f"Line {n} <b>")).to_be_in_viewport()
        expect(text).to_have_value("")

    expect(text).to_be_focused()
    expect(there.locator("#messages").get_by_text("Line 0 <b>")).not_to_be_in_viewport()
    here.reload()
    expect(here.get_by_label("Your name")).to_have_value("Ann")


def test_task_completed_in_one_window_is_done_in_the_other(demo: Server, visit: Visit) -> None:
    here, there = visit(demo).open("/tasks", live=False), visit(demo).open("/tasks", live=False)
    for page in (here, there):
        page.get_by_role("link", name="Order paper for the printer").click()
        expect(page.locator("html")).to_have_attribute("data-live", "open")
    done = there.locator("dt:text-is('Done') + dd")
    expect(done).to_have_text("No")

    click(here, "Complete")
    expect(done).to_have_text("Yes")
    click(there, "Reopen")
    expect(here.locator("dt:text-is('Done') + dd")).to_have_text("No")


def test_tasks_are_filtered_and_changed_together(demo: Server, visit: Visit) -> None:
    page = visit(demo).open("/tasks", live=False)
    page.goto("/tasks?priority=high")
    expect(page.locator("tbody tr")).to_have_count(2)
    for box in page.locator("tbody .sm-pick input").all():
        box.check()
    with page.expect_response("**/tasks/_bulk"):
        page.locator(".sm-bulk").get_by_role("button", name="Complete").click()
    page.goto("/tasks?priority=high&done=true")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_report_progress_shows_in_both_windows_and_outlives_its_tab(
    demo: Server, visit: Visit
) -> None:
    ann = visit(demo)
    here, there = ann.open("/report"), visit(demo).open("/report")
    click(here, "Write the report")

    for page in (here, there):
        expect(page.locator("#course")).to_contain_text("1 of 5 steps are done.")
        expect(page.get_by_role("button", name="Write the report")).to_be_disabled()
    expect(here.locator("#starmodel-toasts progress")).to_have_count(1)
    expect(there.locator("#starmodel-toasts progress")).to_have_count(0)
    here.close()

    expect(there.locator("#course")).to_contain_text("Finished in", timeout=20_000)
    again = ann.open("/report")
    expect(again.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")


def test_progress_of_an_interrupted_report_is_removed(tmp_path: Path, visit: Visit) -> None:
    with example_server(tmp_path, "demo") as server:
        ann = visit(server)
        ann.expect_errors(*SERVER_AWAY)
        page = ann.open("/report")
        click(page, "Write the report")
        expect(page.locator("#starmodel-toasts progress")).to_have_count(1)

        server.kill()
        expect(page.locator("#starmodel-toasts progress")).to_have_count(0)
        server.start()

        # Idempotency markers in memory are lost, so the retried click runs once more.
        expect(page.locator("#course")).to_contain_text("Finished in", timeout=30_000)
        expect(page.locator("#starmodel-toasts progress")).to_have_count(0)


def test_example_tasks_are_created_once(tmp_path: Path, visit: Visit) -> None:
    with example_server(tmp_path, "demo") as server:
        ann = visit(server)
        ann.expect_errors(*SERVER_AWAY)
        page = ann.open("/tasks", live=False)
        assert len(titles(page)) == 7
        page.get_by_role("link", name="Order paper for the printer").click()
        click(page, "Delete")
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page).to_have_url(f"{server.url}/tasks")
        page.close()

        server.stop()
        server.start()

        assert len(titles(ann.open("/tasks", live=False))) == 6
