"""How values that are no single text are shown on generated pages."""

from __future__ import annotations

from starmodel.adapters.ui.values import shows


def test_flat_rows_of_a_list_are_one_line_each() -> None:
    show = shows(list[tuple[int, str, bool | None]])

    html = show([(31, "Tea & milk", True), (30, "", None)])

    assert html == (
        '<ul class="sm-items"><li>31, Tea &amp; milk, Yes</li><li>30, \u2013, \u2013</li></ul>'
    )


def test_deeper_lists_keep_their_shape() -> None:
    assert shows(list[list[list[int]]])([[[1, 2]]]) == (
        '<ul class="sm-items"><li><ul class="sm-items"><li>1, 2</li></ul></li></ul>'
    )
