"""The client address of a request that trusted proxies forwarded."""

import pytest

from starmodel.adapters.web.http.proxies import TrustedProxies


@pytest.mark.parametrize(
    ("networks", "peer", "forwarded", "expected"),
    [
        ([], "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.9", "1.2.3.4"),
        (["10.0.0.0/8"], "9.9.9.9", "1.2.3.4", "9.9.9.9"),
        (["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "10.0.0.7", "10.0.0.7"),
        (["::1"], "::1", "nonsense", "nonsense"),
    ],
)
def test_client_address_is_the_nearest_hop_outside_trusted_proxies(
    networks, peer, forwarded, expected
):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"client": (peer, 1234), "headers": headers}
    TrustedProxies(networks).apply(scope)
    assert scope["client"][0] == expected
