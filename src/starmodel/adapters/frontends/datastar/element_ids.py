"""Element ids of the page protocol, the targets of patches."""

from __future__ import annotations

import hashlib

from starmodel.app.queries.listing import Listing


def rows_id(listing: Listing) -> str:
    """The element id of a list's rows container; equal lists have equal ids."""
    digest = hashlib.blake2b(listing.words.encode("utf-8", "surrogatepass"), digest_size=6)
    suffix = f"-{digest.hexdigest()}" if listing.words else ""
    return f"{listing.entity_type.name}-rows{suffix}"
