"""Migrations: what files in `migrations/` import."""

from starmodel.migrations.migration import Migration

__all__ = ["Migration"]
