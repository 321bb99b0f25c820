"""Hooks for entities that are table classes of SQLModel or FastSQLModel."""
