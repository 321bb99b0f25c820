"""Newline-delimited JSON: one JSON text per line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starmodel.adapters.transports.http import HttpTransport
from starmodel.core.values.json_data import json_bytes

# Line breaks of Unicode, which JSON allows in strings and some clients split lines at.
_BREAKS = re.compile(b"\xc2\x85|\xe2\x80\xa8|\xe2\x80\xa9")
_ESCAPED = {b"\xc2\x85": b"\\u0085", b"\xe2\x80\xa8": b"\\u2028", b"\xe2\x80\xa9": b"\\u2029"}


def frame(patches: Sequence[Any]) -> bytes:
    """One line for each patch, which is JSON data."""
    lines = [json_bytes(patch) + b"\n" for patch in patches]
    return _BREAKS.sub(lambda found: _ESCAPED[found[0]], b"".join(lines))


_HEADERS = [
    (b"vary", b"accept"),
    (b"content-encoding", b"identity"),  # keeps middleware from compressing, which buffers lines
]
NDJSON = HttpTransport(b"application/x-ndjson", frame, frame([{"type": "heartbeat"}]), _HEADERS)
"""Newline-delimited JSON, the transport of the JSON frontend."""
