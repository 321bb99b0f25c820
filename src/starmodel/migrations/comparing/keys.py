"""What to do about a changed key, which no step converts without loss."""

from __future__ import annotations

NEW_CLASS = (
    "Instead: 1. Add a class with the new key beside this one, and run starmodel migrate. 2. Copy "
    "the rows in a migration of your own: starmodel migrate --empty, with the step RunData. "
    "3. Remove the old class, and run starmodel migrate again; its rows are kept aside."
)
"""The way to another key that keeps each row, in sentences."""
