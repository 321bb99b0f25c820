"""Content-negotiated error responses."""
