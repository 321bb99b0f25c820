"""Frontend protocols: what a page declares, and what it is sent."""
