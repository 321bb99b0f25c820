"""Values from outside and for outside: JSON data, bounds, bounded caches."""
