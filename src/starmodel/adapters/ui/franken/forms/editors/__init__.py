"""Editors of values with several inputs: rows of lists and mappings."""
