"""Content negotiation: Accept, Accept-Language and Accept-Encoding with their q-values.

See RFC 9110, section 12.5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from starmodel.core.values.bounded_cache import cached

Representation = Literal["html", "json", "ndjson"]
MAX_HEADER_BYTES = 2048  # browsers send about 140; the rest is not parsed
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r';\s*q\s*=\s*"?([01](?:\.\d*)?|\.\d+)"?\s*(?=;|$)', re.IGNORECASE)
_ANY_Q = re.compile(r";\s*q\s*=", re.IGNORECASE)
# The media ranges that match a type, from the least to the most specific.
_RANGES = {
    "html": ("*/*", "text/*", "text/html"),
    "json": ("*/*", "application/*", "application/json"),
}


@cached(128 * 1024)
def representation(accept: bytes | None) -> Representation | None:
    """The preferred representation; None when none is acceptable.

    The higher q-value wins, then the more specific media range. HTML wins a tie
    of exact types; JSON wins a tie of wildcards and a request without the header.
    Newline-delimited JSON is a stream that does not end: it is chosen by its exact
    type only, and loses each tie.
    """
    if not accept or not accept.strip():
        return "json"
    ranges = _weights(accept)
    html, json = (_best(ranges, names) for names in _RANGES.values())
    stream = ranges.get("application/x-ndjson", 0.0)
    if stream and (stream, 2) > max(html, json):
        return "ndjson"
    if html == json:
        if not html[0]:
            return None
        return "html" if html[1] == 2 else "json"
    winner: Representation = "html" if html > json else "json"
    return winner if max(html, json)[0] else None


@cached(64 * 1024)
def accepts_gzip(accept_encoding: bytes) -> bool:
    """True when the header allows gzip, by name or as `*`."""
    weights = _weights(accept_encoding)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


@cached(64 * 1024)
def content_codings(accept_encoding: bytes) -> tuple[str, ...]:
    """The codings that a stored file may have, the smallest first; Brotli only by its name."""
    brotli = _weights(accept_encoding).get("br", 0.0) > 0
    return ("br",) * brotli + ("gzip",) * accepts_gzip(accept_encoding)


@cached(64 * 1024)
def language_weights(accept_language: bytes) -> Mapping[str, float]:
    """The q-value of each language range, in lower case; empty without the header."""
    return MappingProxyType(_weights(accept_language))


def _best(ranges: dict[str, float], names: tuple[str, ...]) -> tuple[float, int]:
    """The q-value of the most specific range that matches a type, and its specificity."""
    for specificity in (2, 1, 0):
        weight = ranges.get(names[specificity])
        if weight is not None:
            return weight, specificity if weight else 0
    return 0.0, 0


def _weights(header: bytes) -> dict[str, float]:
    """Each element of the header, lower-cased, with its q-value; malformed ones are skipped.

    No representation has parameters beside its charset, so an element such as `text/html;level=1`
    counts only where the header has no `text/html`.
    """
    plain: dict[str, float] = {}
    parameterised: dict[str, float] = {}
    for element in _ELEMENT.findall(header[:MAX_HEADER_BYTES].decode("latin-1")):
        name, semicolon, rest = element.partition(";")
        parameters, weight = semicolon + rest, 1.0
        if any_q := _ANY_Q.search(parameters):
            given = _PARAMETER.search(parameters)
            if given is None or (weight := float(given[1])) > 1:
                continue
            parameters = parameters[: any_q.start()]  # extensions of Accept follow the q-value
        found = parameterised if parameters.strip("; \t") else plain
        key = "".join(name.split()).lower()
        found[key] = max(weight, found.get(key, 0.0))
    return parameterised | plain
