"""The Redis server: connections, failures, and what it must offer."""
