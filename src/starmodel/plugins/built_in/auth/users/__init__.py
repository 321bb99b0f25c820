"""Users: their records, the actors that they sign in as, and their sessions."""
