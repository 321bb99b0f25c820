"""The route of an event: request parsing, dispatch and responses."""
