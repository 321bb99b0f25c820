"""Queries by index entries: ranges, plans, and pages of records."""
