"""Compiles a `Query` to SQL with the same result as evaluating it in Python."""
