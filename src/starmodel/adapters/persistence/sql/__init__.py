"""Snapshots in SQL tables: SQLAlchemy Core statements, compiled once, without ORM sessions."""
