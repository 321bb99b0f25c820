"""Conditions on records, which access rules compile to: decided in Python, or by a store."""
