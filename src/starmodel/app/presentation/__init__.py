"""Ports of generated pages and of the frontend protocol that updates them."""
