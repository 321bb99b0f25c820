"""Executes actions."""
