"""The differences between two schemas, each with a sentence for the developer."""
