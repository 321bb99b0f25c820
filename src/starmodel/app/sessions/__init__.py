"""Server-side sessions: the port of their store, and the cache in front of it."""
