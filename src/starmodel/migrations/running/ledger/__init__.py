"""The ledger: which migrations a database has, and the actions of those that were begun."""
