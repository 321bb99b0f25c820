"""Entities and events on the command line: arguments, dispatch and output."""
