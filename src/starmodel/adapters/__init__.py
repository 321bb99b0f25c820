"""Implementations of the ports, one family a folder; families don't import each other."""
