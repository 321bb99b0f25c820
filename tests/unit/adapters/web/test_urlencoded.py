"""URL-encoded forms decode to the pairs of the standard library."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from starmodel.adapters.web.http.bodies.multipart import MAX_FIELDS
from starmodel.adapters.web.http.bodies.urlencoded import urlencoded_pairs
from starmodel.core.errors import RequestError

PARTS = st.sampled_from(
    [b"a", b"%", b"%4", b"%41", b"%c3%A9", b"%C3", b"%fF", b"\xc3\xa9", b"\xff", b"&", b"=", b"+"]
)


@given(st.lists(PARTS, max_size=12).map(b"".join) | st.binary(max_size=40))
@example(b"")
@example(b"a&&b=&=c&%&d=1=2")
def test_pairs_equal_those_of_the_standard_library(body: bytes) -> None:
    try:
        expected = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(RequestError, match="not UTF-8"):
            urlencoded_pairs(body)
    else:
        assert urlencoded_pairs(body) == expected


def test_number_of_fields_is_limited() -> None:
    assert len(urlencoded_pairs(b"&".join([b"a=1"] * MAX_FIELDS))) == MAX_FIELDS
    with pytest.raises(RequestError, match=f"more than {MAX_FIELDS} fields"):
        urlencoded_pairs(b"&".join([b"a=1"] * (MAX_FIELDS + 1)))
