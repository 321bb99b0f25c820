"""Whose address a forwarded request has."""

import pytest

from starmodel.adapters.web.proxies import TrustedProxies


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
def test_mend_takes_the_nearest_hop_that_is_not_a_trusted_proxy(
    networks, peer, forwarded, expected
):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"client": (peer, 1234), "headers": headers}
    TrustedProxies(networks).mend(scope)
    assert scope["client"][0] == expected
