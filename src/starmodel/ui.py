"""Components for pages of the application's own: `from starmodel.ui import tile, chart, table`."""

from starmodel.adapters.ui.components import chart, columns, form, list_of, section, table, tile

__all__ = ["chart", "columns", "form", "list_of", "section", "table", "tile"]
