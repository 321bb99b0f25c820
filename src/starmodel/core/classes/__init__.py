"""Setting up entity classes: checks, built-in events and the registry."""
