"""Lists: rows, columns, filters and bulk controls."""
