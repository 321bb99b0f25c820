"""From a `Query` to SQL that gives the same result as `Query` in Python."""
