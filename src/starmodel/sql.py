"""Bases for entities that are table classes; importing this loads SQLModel."""

from starmodel.adapters.persistence.sql.schema.base_table import BaseTable, fast_base_table

__all__ = ["BaseTable", "fast_base_table"]
