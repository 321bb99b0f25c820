"""Connections and transactions, one package per kind of driver."""
