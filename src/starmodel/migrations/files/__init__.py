"""The files in `migrations/`: names, text, loading and order."""
