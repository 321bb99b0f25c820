"""Definitions of entities, collected from classes and built into tables."""
