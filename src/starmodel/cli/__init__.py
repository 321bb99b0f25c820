"""The `starmodel` command."""
