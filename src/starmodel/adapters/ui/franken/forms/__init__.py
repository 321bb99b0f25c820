"""Form components of events, and their inputs."""
