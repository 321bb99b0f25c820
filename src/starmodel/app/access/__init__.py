"""Access decisions: actors, the policy, and what an actor may be shown."""
