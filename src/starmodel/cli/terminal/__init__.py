"""Shared output, errors and options of commands."""
