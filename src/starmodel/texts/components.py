"""The texts of components for pages of the application's own."""

from __future__ import annotations

from collections.abc import Mapping

COMPONENTS: Mapping[str, str | Mapping[str, str]] = {
    "tile.more": "Up {share}",
    "tile.less": "Down {share}",
    "tile.same": "No change",
    "chart.table": "Show as a table",
    "chart.empty": "There is nothing to draw yet.",
    "table.empty": "There is nothing here yet.",
    "table.label": "Table",
    "table.all": "All {things:lower}",
}
