"""Connections for migrations, and locks on the database."""
