"""Compares two schemas: what changed, what has to be asked, and which steps follow."""
