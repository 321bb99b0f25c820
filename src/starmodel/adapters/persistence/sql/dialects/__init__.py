"""Differences between databases: column types, value codecs, SQL syntax."""
