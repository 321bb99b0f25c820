"""Finds what a migration would refuse, before anything runs."""
