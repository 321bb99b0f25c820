"""Renders and writes the project of `starmodel init`."""
