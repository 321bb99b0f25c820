"""The base class of steps."""

from __future__ import annotations


class Step:
    """One change of a migration. It names entities and fields, and the snapshots define them."""
