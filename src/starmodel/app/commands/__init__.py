"""Commands: what runs an event, its result, and the rules of running it once."""
