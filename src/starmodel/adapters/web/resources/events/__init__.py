"""The route of an event: reading its request, running it, and the replies to its caller."""
