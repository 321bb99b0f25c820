"""Renders and writes the folders of `starmodel init` and `starmodel plugin new`."""
