"""The domain: entities, events and plain data. Standard library and pydantic only, no I/O."""
