"""Loads and serves an application, with reload and workers."""
