"""Bearer tokens of users: their section of the account page."""
