"""Compares two schemas: changes, open questions, and the plan of steps."""
