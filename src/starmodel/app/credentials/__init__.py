"""Credentials besides sessions: one-time secrets, limits on attempts, bearer tokens."""
