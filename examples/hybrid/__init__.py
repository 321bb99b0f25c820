"""One page, several stores: what belongs to everybody, and what to one visitor."""
