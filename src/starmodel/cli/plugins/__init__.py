"""The plugins of an application, and the commands that they add."""
