"""Which style sheet a page needs: that of generated pages, or the one with all components."""

from __future__ import annotations

import re
from collections.abc import Collection

_ATTRIBUTE = re.compile(r'\sclass="([^"]*)"')
_SLOT = 'class="sm-slot"'


def has_other_classes(html: str, styled: Collection[str]) -> bool:
    """Whether an element has a class that generated pages have no style for.

    Shapes: styled has the classes of the style sheet of generated pages, except those that
    begin with "sm-", which all are.
    """
    attributes = set(_ATTRIBUTE.findall(html))
    return any(
        not name.startswith("sm-") and name not in styled
        for attribute in attributes
        for name in attribute.split()
    )


def has_slot(html: str) -> bool:
    """Whether a part of the page comes from a plugin or from the application."""
    return _SLOT in html
