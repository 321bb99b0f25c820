"""Content negotiation by RFC 9110, section 12.5.1, compared with that of Werkzeug."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from starmodel.adapters.web.http.negotiation import representation

RANGES = st.sampled_from(
    [
        "*/*", "text/*", "text/html", "application/*", "application/json", "image/png",
        "TEXT/HTML", "Application/Json", "application/xhtml+xml",
    ]
)  # fmt: skip
WEIGHTS = st.sampled_from(["", ";q=0", ";q=0.0", ";q=0.1", "; q=0.5", ";Q=0.9", ";q=1", " ; q=1.0"])
HEADERS = st.lists(st.builds("{}{}".format, RANGES, WEIGHTS), min_size=1, max_size=6).map(", ".join)


@given(HEADERS)
def test_quality_of_the_chosen_type_is_the_highest(header: str) -> None:
    accept = parse_accept_header(header, MIMEAccept)
    html, json = accept.quality("text/html"), accept.quality("application/json")
    chosen = representation(header.encode())
    if not html and not json:
        assert chosen is None
    elif html != json:
        assert chosen == ("html" if html > json else "json")
    else:
        assert chosen is not None
