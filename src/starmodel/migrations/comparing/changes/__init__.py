"""The differences between two schemas, each of which says itself in one sentence."""
