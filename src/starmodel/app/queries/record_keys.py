"""The id of a record as one segment of a URL path."""

from __future__ import annotations

import re
from urllib.parse import quote

from starmodel.core.entity import Entity

NEW, EDIT = "new", "edit"
BULK, MATCHING, CHOICES = "_bulk", "_matching", "_choices"
COUNT, FACETS, VIEWS = "_count", "_facets", "_views"
EXPORT, EVENTS, CELL = "_export", "_events", "_cell"
"""The path segments of generated pages below a list or a record."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")
# The segments in the place of an id, segments that browsers normalise, and their escaped forms.
# Segments of plugins below a list begin with "_".
_TAKEN = re.compile(rf"~*(?:{NEW}|_.*|\.{{0,2}})", re.DOTALL)


def key_of(id: object) -> str:
    """An id as one path segment: percent-encoded, and distinct from the router's segments.

    Reserved segments and those that a browser normalises get the prefix "~".
    `id_in` decodes it.

    >>> key_of("a/b"), key_of("new"), key_of(".."), key_of("~new")
    ('a%2Fb', '~new', '~..', '~~new')
    """
    text = str(id)
    if text.isalnum() and text.isascii() and text != NEW:  # most ids
        return text
    if _TAKEN.fullmatch(text):
        text = f"~{text}"
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")


def id_in(segment: str) -> str:
    """The id of a percent-decoded path segment.

    >>> id_in("~new"), id_in("~~new"), id_in("~other")
    ('new', '~new', '~other')
    """
    return segment[1:] if segment[:1] == "~" and _TAKEN.fullmatch(segment) else segment


def row_key(entity: Entity) -> str:
    """The key of a record's row within its list."""
    return key_of(entity.id)
