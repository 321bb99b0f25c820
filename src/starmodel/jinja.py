"""Jinja templates as the content of pages, with the extra `starmodel[jinja]`."""

from starmodel.adapters.ui.templates import render

__all__ = ["render"]
