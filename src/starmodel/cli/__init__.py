"""The `starmodel` command-line interface."""
