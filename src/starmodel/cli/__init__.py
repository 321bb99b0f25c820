"""The command-line interface: commands, plugin discovery and output."""
