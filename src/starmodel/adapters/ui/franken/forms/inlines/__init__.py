"""Rows of children in the form of their parent."""
