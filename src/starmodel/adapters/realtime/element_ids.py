"""Element ids of the page protocol, which streams and browser modules patch at."""

from __future__ import annotations

import hashlib

from starmodel.app.queries.listing import Listing


def rows_id(listing: Listing) -> str:
    """The id of the element that holds the rows of a list; equal lists have equal ids."""
    digest = hashlib.blake2b(listing.words.encode("utf-8", "surrogatepass"), digest_size=6)
    own = f"-{digest.hexdigest()}" if listing.words else ""
    return f"{listing.entity_type.name}-rows{own}"
