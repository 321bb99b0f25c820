"""Sign-in: users, their passwords, tokens and one-time links."""
