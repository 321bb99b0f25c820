"""Rendering of entities: components, templates and pages."""
