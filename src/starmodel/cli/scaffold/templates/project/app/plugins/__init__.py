"""Plugins of this application, one module or package each."""
