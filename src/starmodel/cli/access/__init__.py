"""Decisions of access rules, explained on the command line."""
