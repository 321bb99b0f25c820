"""Commands that installed packages add."""
