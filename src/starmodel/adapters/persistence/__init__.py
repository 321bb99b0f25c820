"""Repositories, one module or package per store."""
