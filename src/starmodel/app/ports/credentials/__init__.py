"""The ports of the stores that hold credentials: one-time secrets, attempts and tokens."""
