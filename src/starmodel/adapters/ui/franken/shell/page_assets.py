"""Which assets a page needs: its style sheet, and the module of forms."""

from __future__ import annotations

import re
from collections.abc import Collection

_ATTRIBUTE = re.compile(r'\sclass="([^"]*)"')
SLOT = 'class="sm-slot"'
"""A part of the page comes from a plugin or from the application."""
FORM = " data-check"
"""The page has a form for which `frontend/src/loading.js` loads a module."""


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
