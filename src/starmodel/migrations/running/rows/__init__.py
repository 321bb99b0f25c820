"""Work on the rows of tables, in batches by key."""
