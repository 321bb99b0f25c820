"""Compiles a batch of changes to the statements of one transaction."""
