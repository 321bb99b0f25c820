"""Tables and columns: derived from entity classes, checked against existing tables."""
