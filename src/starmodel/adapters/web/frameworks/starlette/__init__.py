"""Plain Starlette as the web framework."""
