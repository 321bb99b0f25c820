"""Lists, dicts and nested models rendered on generated pages."""

from __future__ import annotations

from starmodel.adapters.ui.values import value_renderer


def test_list_of_flat_rows_renders_one_line_per_row() -> None:
    show = value_renderer(list[tuple[int, str, bool | None]])

    html = show([(31, "Tea & milk", True), (30, "", None)])

    assert html == (
        '<ul class="sm-items"><li>31, Tea &amp; milk, Yes</li><li>30, \u2013, \u2013</li></ul>'
    )


def test_nested_lists_render_their_structure() -> None:
    assert value_renderer(list[list[list[int]]])([[[1, 2]]]) == (
        '<ul class="sm-items"><li><ul class="sm-items"><li>1, 2</li></ul></li></ul>'
    )
