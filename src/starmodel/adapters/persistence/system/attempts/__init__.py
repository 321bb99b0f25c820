"""Counts of attempts in a database, and in memory."""
