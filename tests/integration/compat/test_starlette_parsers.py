"""Starlette's form parsers beside StarModel's: equal on valid bodies, different on others.

Each difference is a property that Starlette's parsers lack. When one of these tests fails because
Starlette has changed, its parser may replace StarModel's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from starmodel.adapters.web.http.bodies.multipart import MAX_FIELDS, multipart_pairs
from starmodel.adapters.web.http.bodies.urlencoded import urlencoded_pairs
from starmodel.core.errors import RequestError

MULTIPART = "multipart/form-data; boundary=x"
LIMITS = {"max_fields": MAX_FIELDS, "max_part_size": 1_000_000}


async def _stream(body: bytes) -> AsyncIterator[bytes]:
    yield body
    yield b""


async def theirs(parser: Any, body: bytes, kind: str = MULTIPART, **limits: int) -> list[Any]:
    """The pairs of Starlette's parser; a file is its name and content."""
    form = await parser(
        Headers({"content-type": kind}), _stream(body), **{**LIMITS, **limits}
    ).parse()
    return await _plain(form.multi_items())


async def ours(body: bytes, kind: str = MULTIPART) -> list[Any]:
    return await _plain(multipart_pairs(kind, body))


async def _plain(pairs: list[tuple[str, Any]]) -> list[Any]:
    found = []
    for name, value in pairs:
        if not isinstance(value, str):
            found.append((name, value.filename, await value.read(), value.content_type))
            await value.close()
        else:
            found.append((name, value))
    return found


def part(head: str, text: bytes = b"v") -> bytes:
    return b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + text + b"\r\n"


END = b"--x--\r\n"


@pytest.mark.parametrize(
    "body",
    [
        END,
        part('name="a"') + END,
        part('name="a"', b"") + part('name="a"', b"2") + END,
        part('name="a"', "é\r\n€".encode()) + END,
        part('name="é"') + END,
        part('name="f"; filename="n.txt"\r\nContent-Type: text/plain', b"\x00\xff\r\n--") + END,
        part('name="f"; filename=""', b"") + END,
        part('name="a"; x="y"') + END,
    ],
)
async def test_valid_multipart_forms_are_equal(body: bytes) -> None:
    assert await ours(body) == await theirs(MultiPartParser, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a=1",
        b"a=1&a=2&b=",
        b"a",
        b"a=%C3%A9+%2B",
        b"a=1&&b=2",
        b"a%5B%5D=x",
        b"a=b=c",
        b"a=%zz",
    ],
)
async def test_valid_urlencoded_forms_are_equal(body: bytes) -> None:
    assert urlencoded_pairs(body) == await theirs(FormParser, body)


async def test_limit_on_the_number_of_fields_is_equal() -> None:
    body = part('name="a"') * (MAX_FIELDS + 1) + END
    with pytest.raises(MultiPartException, match="Too many fields"):
        await theirs(MultiPartParser, body)
    with pytest.raises(RequestError, match="more than 1000 fields"):
        multipart_pairs(MULTIPART, body)


async def test_starlette_accepts_a_multipart_form_without_its_end() -> None:
    """A body that was cut off would be stored as if it was complete."""
    body = part('name="a"') + part('name="b"', b"cut o")
    assert ("a", "v") in await theirs(MultiPartParser, body)
    with pytest.raises(RequestError, match="its end is missing"):
        multipart_pairs(MULTIPART, body)


@pytest.mark.parametrize("body", [part('name="a"', b"\xff") + END])
async def test_starlette_decodes_invalid_utf_8_as_latin_1(body: bytes) -> None:
    assert await theirs(MultiPartParser, body) == [("a", "ÿ")]
    with pytest.raises(RequestError, match="not UTF-8"):
        multipart_pairs(MULTIPART, body)


@pytest.mark.parametrize(("body", "value"), [(b"a=%FF", "\ufffd"), (b"a=\xc3\xa9", "Ã©")])
async def test_starlette_replaces_invalid_text_of_urlencoded_forms(body: bytes, value: str) -> None:
    """Unescaped UTF-8 is text, and invalid UTF-8 an error."""
    assert await theirs(FormParser, body) == [("a", value)]
    if body == b"a=\xc3\xa9":
        assert urlencoded_pairs(body) == [("a", "é")]
    else:
        with pytest.raises(RequestError, match="not UTF-8"):
            urlencoded_pairs(body)


async def test_starlette_uses_the_codec_that_the_client_names() -> None:
    kind = f"{MULTIPART}; charset=utf-16-le"
    body = part('name="a"', "é".encode("utf-16-le")) + END
    assert (await theirs(MultiPartParser, body, kind))[0][1] == "é"
    with pytest.raises(RequestError, match="not UTF-8"):
        multipart_pairs(kind, body)
