"""Boards: records as cards in columns."""
