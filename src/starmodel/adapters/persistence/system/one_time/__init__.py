"""One-time secrets in a database, and in memory."""
