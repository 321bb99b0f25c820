"""Connections and transactions, one package for each kind of driver."""
