"""Components of record pages: heading and fields."""
