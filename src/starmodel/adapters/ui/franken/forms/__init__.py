"""Forms of events and their inputs."""
