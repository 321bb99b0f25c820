"""Record pages: heading and fields."""
