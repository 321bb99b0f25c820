"""Loading and serving an application, with reload."""
