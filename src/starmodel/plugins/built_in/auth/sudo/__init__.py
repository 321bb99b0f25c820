"""Confirming the password before important events."""
