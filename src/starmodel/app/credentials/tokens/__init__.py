"""Bearer tokens of programs."""
