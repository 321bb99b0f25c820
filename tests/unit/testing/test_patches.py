"""Patches of the DOM, in each of Datastar's modes."""

from __future__ import annotations

import pytest

from starmodel.testing import NotOnPageError
from starmodel.testing.browser.document.dom import by_id, fragment, parse, select
from starmodel.testing.browser.document.patches import arrange, patch

PAGE = '<ul id="list"><li id="a">A</li><li id="b">B</li></ul><template><p>hidden</p></template>'


def items(soup):
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
def test_patch_in_each_mode_inserts_elements_at_the_target(html, selector, mode, ids):
    soup = parse(PAGE)
    patch(soup, html, selector, mode)
    assert items(soup) == ids


def test_patch_without_a_target_raises_with_the_element():
    with pytest.raises(NotOnPageError, match="<li id='c'>, but the page has no element"):
        patch(parse(PAGE), '<li id="c"></li>', "", "outer")
    with pytest.raises(NotOnPageError, match="<li> without an id and without a selector"):
        patch(parse(PAGE), "<li></li>", "", "outer")
    with pytest.raises(NotOnPageError, match="'#nothing', which the page doesn't have"):
        patch(parse(PAGE), "<li></li>", "#nothing", "append")


def test_patch_with_a_whole_page_replaces_the_document():
    soup = parse(PAGE)
    patch(soup, "<!doctype html><html><body><p id='new'>New</p></body></html>", "", "outer")
    assert soup.get_text() == "New"


def test_select_skips_elements_of_templates():
    assert select(parse(PAGE), "p") == []


def test_fragment_of_rows_without_a_table_keeps_the_rows():
    assert [tag.name for tag in fragment("<tr><td>1</td></tr><tr></tr>")] == ["tr", "tr"]


def test_arrange_with_new_rows_and_order_replaces_adds_removes_and_sorts():
    html = "".join(f'<tr data-key="{key}"><td>{key}</td></tr>' for key in "abc")
    soup = parse(f'<table><tbody id="rows">{html}</tbody></table>')
    body = by_id(soup, "rows")
    new = fragment('<tr data-key="b"><td>B</td></tr><tr data-key="d"><td>d</td></tr>')
    arrange(body, new, ["d", "c", "b"])
    assert [tag.get_text() for tag in select(soup, "#rows > tr")] == ["d", "c", "B"]
