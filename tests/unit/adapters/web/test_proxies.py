"""The client of a request that trusted proxies forwarded."""

import pytest

from starmodel.adapters.web.http.proxies import behind_proxies


async def client_of(networks, peer, *headers, kind="http"):
    """The client and scheme that the application sees."""
    seen = {}

    async def app(scope, receive, send):
        seen.update(client=scope["client"][0], scheme=scope["scheme"])

    scope = {"type": kind, "client": (peer, 1234), "scheme": "http", "headers": list(headers)}
    await behind_proxies(app, networks)(scope, None, None)
    return seen["client"], seen["scheme"]


@pytest.mark.parametrize(
    ("networks", "peer", "forwarded", "expected"),
    [
        ([], "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (["10.0.0.1/8"], "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.9", "1.2.3.4"),
        (["10.0.0.0/8"], "9.9.9.9", "1.2.3.4", "9.9.9.9"),
        (["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "10.0.0.7", "10.0.0.7"),
        (["10.0.0.0/8"], "10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
        (["::1"], "::1", "nonsense", "nonsense"),
        (["::1"], "::1", "2001:db8::1", "2001:db8::1"),
        (["::1"], "0:0::1", "1.2.3.4", "1.2.3.4"),
    ],
)
async def test_client_address_is_the_nearest_hop_outside_trusted_proxies(
    networks, peer, forwarded, expected
):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert (await client_of(networks, peer, *headers))[0] == expected


async def test_repeated_header_lines_are_one_list():
    lines = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"1.2.3.4, 10.0.0.9")]
    assert (await client_of(["10.0.0.0/8"], "10.0.0.1", *lines))[0] == "1.2.3.4"


@pytest.mark.parametrize(("peer", "scheme"), [("10.0.0.1", "https"), ("9.9.9.9", "http")])
async def test_scheme_is_that_of_a_trusted_proxy(peer, scheme):
    header = (b"x-forwarded-proto", b"https")
    assert (await client_of(["10.0.0.0/8"], peer, header))[1] == scheme
