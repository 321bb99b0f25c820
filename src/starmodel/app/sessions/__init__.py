"""Sessions of visitors: identity, data, scoped instances and the server-side cache."""
