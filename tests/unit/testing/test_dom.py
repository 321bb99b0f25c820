"""The held page changes as a browser's does."""

from __future__ import annotations

import pytest

from starmodel.testing import NotOnPageError
from starmodel.testing.browser.dom import arrange, by_id, fragment, parse, patch, select

PAGE = '<ul id="list"><li id="a">A</li><li id="b">B</li></ul><template><p>hidden</p></template>'


def shown(soup):
    return [str(tag.get("id")) + tag.get_text() for tag in select(soup, "#list > *, #list")[1:]]


@pytest.mark.parametrize(
    ("html", "selector", "mode", "ids"),
    [
        ('<li id="a">new</li>', "", "outer", ["anew", "bB"]),
        ('<li id="c">C</li>', "#b", "outer", ["aA", "cC"]),
        ('<li id="c">C</li>', "#b", "replace", ["aA", "cC"]),
        ('<li id="c">C</li>', "#list", "inner", ["cC"]),
        ('<li id="c">C</li><li id="d">D</li>', "#list", "append", ["aA", "bB", "cC", "dD"]),
        ('<li id="c">C</li><li id="d">D</li>', "#list", "prepend", ["cC", "dD", "aA", "bB"]),
        ('<li id="c">C</li><li id="d">D</li>', "#b", "before", ["aA", "cC", "dD", "bB"]),
        ('<li id="c">C</li><li id="d">D</li>', "#a", "after", ["aA", "cC", "dD", "bB"]),
        ("", "#a", "remove", ["bB"]),
        ('<li id="a"></li>', "", "remove", ["bB"]),
        ('<li id="c">C</li>', "li", "after", ["aA", "cC", "bB", "cC"]),
    ],
)
def test_patch_of_each_mode_puts_elements_where_a_browser_does(html, selector, mode, ids):
    soup = parse(PAGE)
    patch(soup, html, selector, mode)
    assert shown(soup) == ids


def test_patch_without_a_place_says_what_it_brought():
    with pytest.raises(NotOnPageError, match="<li id='c'>, but the page has no element"):
        patch(parse(PAGE), '<li id="c"></li>', "", "outer")
    with pytest.raises(NotOnPageError, match="<li> without an id and without a selector"):
        patch(parse(PAGE), "<li></li>", "", "outer")
    with pytest.raises(NotOnPageError, match="'#nothing', which the page doesn't have"):
        patch(parse(PAGE), "<li></li>", "#nothing", "append")


def test_whole_page_takes_the_place_of_the_page():
    soup = parse(PAGE)
    patch(soup, "<!doctype html><html><body><p id='new'>New</p></body></html>", "", "outer")
    assert soup.get_text() == "New"


def test_templates_are_no_part_of_the_page():
    assert select(parse(PAGE), "p") == []


def test_rows_without_a_table_are_kept():
    assert [tag.name for tag in fragment("<tr><td>1</td></tr><tr></tr>")] == ["tr", "tr"]


def test_rows_are_changed_added_removed_and_brought_into_order():
    html = "".join(f'<tr data-key="{key}"><td>{key}</td></tr>' for key in "abc")
    soup = parse(f'<table><tbody id="rows">{html}</tbody></table>')
    body = by_id(soup, "rows")
    new = fragment('<tr data-key="b"><td>B</td></tr><tr data-key="d"><td>d</td></tr>')
    arrange(body, new, ["d", "c", "b"])
    assert [tag.get_text() for tag in select(soup, "#rows > tr")] == ["d", "c", "B"]
