"""Error pages of visitors, and tracebacks for the developer."""
