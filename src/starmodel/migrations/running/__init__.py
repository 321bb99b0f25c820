"""Runs migrations on a database, with a ledger of what is done."""
