"""List components: rows, columns, filters and bulk controls."""
