"""The undocumented behaviour of Starlette that the web adapter relies on."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel.adapters.web._compat.starlette import request_with_body

SCOPE = {
    "type": "http", "method": "POST", "path": "/", "query_string": b"", "root_path": "",
    "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
}  # fmt: skip


@pytest.mark.parametrize("body", [b"name=Ann", b""])
async def test_body_read_before_is_not_received_again(body: bytes) -> None:
    request = request_with_body(SCOPE, body)
    assert await request.body() == body, "Starlette's Request no longer caches its body as _body"


async def test_form_is_parsed_from_a_body_read_before() -> None:
    form = await request_with_body(SCOPE, b"name=Ann").form()
    assert form["name"] == "Ann", "Starlette's Request no longer streams its cached _body"


async def test_unread_body_is_not_empty() -> None:
    request: Any = request_with_body(SCOPE, None)
    with pytest.raises(RuntimeError):
        await request.body()
