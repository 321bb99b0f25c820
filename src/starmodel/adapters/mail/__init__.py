"""Mailers."""
