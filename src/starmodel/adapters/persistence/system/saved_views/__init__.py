"""Saved views in a database, and in memory."""
