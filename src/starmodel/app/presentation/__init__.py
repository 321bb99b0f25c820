"""Ports of what a visitor sees: pages, and the frontend protocol that keeps them live."""
