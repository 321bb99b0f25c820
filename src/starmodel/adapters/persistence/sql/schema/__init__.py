"""Tables and columns: derived from entity types, checked against the existing schema."""
