"""Datastar's attributes without JavaScript: expressions, signals, bindings and action requests."""
