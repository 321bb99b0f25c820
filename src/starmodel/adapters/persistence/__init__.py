"""Repositories, one store a module."""
