"""MonsterUI components on an application's own pages, rendered and preserved by patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.apps.monsterui import MONSTER
from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def monster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("monster"), MONSTER) as server:
        yield server


def click(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def drawing(page: Page) -> str:
    return str(page.locator("#desk > uk-icon svg").inner_html())


def test_icon_is_rendered_after_a_patch(monster: Server, visit: Visit) -> None:
    page = visit(monster).open("/desk")
    expect(page.locator("#desk > uk-icon svg")).to_have_attribute("height", "20")

    click(page, "+1")

    expect(page.get_by_role("heading", name="Count 1")).to_be_visible()
    expect(page.locator("#desk > uk-icon svg")).to_have_attribute("height", "20")


def test_icon_of_another_name_is_drawn_after_a_patch(monster: Server, visit: Visit) -> None:
    page = visit(monster).open("/desk")
    expect(page.locator("#desk > uk-icon svg")).to_be_visible()
    before = drawing(page)

    click(page, "Land")

    expect(page.locator("#desk > uk-icon[icon=anchor] svg")).to_be_visible()
    assert drawing(page) != before


def test_selected_tab_stays_and_its_panel_updates_after_a_patch(
    monster: Server, visit: Visit
) -> None:
    page = visit(monster).open("/desk")
    two = page.get_by_role("tab", name="Two")
    two.click()
    expect(page.get_by_text("Second 0")).to_be_visible()
    page.locator("#typed").fill("half a sent")

    click(page, "+1")

    expect(page.get_by_text("Second 1")).to_be_visible()
    expect(page.get_by_text("First 1")).to_be_hidden()
    expect(two).to_have_attribute("aria-selected", "true")
    expect(page.locator("#typed")).to_have_value("half a sent")
    page.get_by_role("tab", name="One").click()
    expect(page.get_by_text("First 1")).to_be_visible()
    expect(page.get_by_text("Second 1")).to_be_hidden()


def test_chosen_option_stays_after_a_patch(monster: Server, visit: Visit) -> None:
    page = visit(monster).open("/desk")
    button = page.locator("uk-select > div > button")
    button.click()
    page.locator("uk-select li a").filter(has_text="Green").click()
    expect(button).to_have_text("Green")

    click(page, "+1")

    expect(page.get_by_role("heading", name="Count 1")).to_be_visible()
    expect(button).to_have_text("Green")
    expect(page.locator("input[name=colour]")).to_have_value("Green")
    button.click()
    page.locator("uk-select li a").filter(has_text="Blue").click()
    expect(button).to_have_text("Blue")


def test_chart_element_stays_and_animates_to_new_data(monster: Server, visit: Visit) -> None:
    page = visit(monster).open("/desk")
    bars = page.locator("uk-chart path.apexcharts-bar-area")
    expect(bars).to_have_count(3)
    page.locator("uk-chart > div").evaluate("div => div.dataset.same = '1'")

    click(page, "+1")
    expect(page.get_by_role("heading", name="Count 1")).to_be_visible()
    expect(page.locator("uk-chart > div[data-same]")).to_have_count(1)

    click(page, "Land")
    expect(bars.last).to_have_attribute("val", "4")
    assert [bars.nth(n).get_attribute("val") for n in range(3)] == ["1", "2", "4"]
    expect(page.locator("uk-chart > div[data-same]")).to_have_count(1)


def test_chart_with_new_options_is_recreated(monster: Server, visit: Visit) -> None:
    page = visit(monster).open("/desk")
    expect(page.locator("uk-chart path.apexcharts-bar-area")).to_have_count(3)
    page.locator("uk-chart > div").evaluate("div => div.dataset.same = '1'")

    click(page, "Turn")

    expect(page.locator("uk-chart .apexcharts-line-series")).to_have_count(1)
    expect(page.locator("uk-chart > div[data-same]")).to_have_count(0)


def test_scripts_are_loaded_only_where_components_are(monster: Server, visit: Visit) -> None:
    ann = visit(monster)
    page = ann.open("/plain")
    ann.open("/desk", live=False)
    plain = [r.url for r in ann.requests if r.frame.page == page]
    assert not [url for url in plain if "franken" in url]

    page.evaluate("document.querySelector('#late').innerHTML = '<uk-icon icon=rocket></uk-icon>'")

    expect(page.locator("uk-icon svg")).to_be_visible()
    later = [r.url.rpartition("/")[2] for r in ann.requests if r.frame.page == page]
    assert [name.rpartition("-")[0] for name in later if "franken" in name] == [
        "franken-core",
        "franken-icons",
    ]


def test_generated_pages_load_neither_components_nor_the_compiler(
    monster: Server, visit: Visit
) -> None:
    ann = visit(monster)
    ann.open("/desk", live=False).close()
    asked = len(ann.requests)

    ann.open("/board")
    ann.open("/", live=False)

    names = [r.url for r in ann.requests[asked:]]
    assert not [url for url in names if "franken" in url or "tailwind" in url]
