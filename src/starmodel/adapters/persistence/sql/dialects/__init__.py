"""Differences between databases: column types, codecs of values, SQL syntax."""
