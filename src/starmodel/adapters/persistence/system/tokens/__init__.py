"""Bearer tokens in a database, and in memory."""
