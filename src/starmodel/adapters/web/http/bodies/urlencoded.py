"""URL-encoded forms, decoded by one regular expression.

`urllib.parse.parse_qsl` gives the same pairs, but handles each percent sign in
Python: a megabyte of them takes 0.8 s. Starlette's `FormParser` also replaces
invalid UTF-8 instead of rejecting it, and decodes unescaped UTF-8 as Latin-1
(tests/integration/compat/test_starlette_parsers.py).
"""

from __future__ import annotations

import re

from starmodel.adapters.web.http.bodies.multipart import MAX_FIELDS
from starmodel.core.errors import RequestError

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_DIGITS = "0123456789abcdefABCDEF"
_BYTES = {f"{high}{low}".encode(): bytes.fromhex(high + low) for high in _DIGITS for low in _DIGITS}


def urlencoded_pairs(body: bytes) -> list[tuple[str, str]]:
    """The fields of a URL-encoded form. Raises: RequestError, for too many or invalid UTF-8."""
    if body.count(b"&") >= MAX_FIELDS:
        raise RequestError(f"The form has more than {MAX_FIELDS} fields.")
    pairs = []
    try:
        body.decode()  # unescaped bytes are text on their own, without those of escapes
        for field in body.split(b"&"):
            if field:
                name, _, value = field.partition(b"=")
                pairs.append((_decoded(name), _decoded(value)))
    except UnicodeDecodeError as error:
        raise RequestError("The form can't be read: it is not UTF-8.") from error
    return pairs


def _decoded(text: bytes) -> str:
    return _ESCAPE.sub(lambda found: _BYTES[found[1]], text.replace(b"+", b" ")).decode()
