"""Addresses of accounts, devices, and the pages to return to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.plugins.built_in.auth.pages.next_page import own_path, with_next
from starmodel.plugins.built_in.auth.users.addresses import normalised_address
from starmodel.plugins.built_in.auth.users.device_names import device_name


@given(st.text(max_size=300))
def test_normalised_address_is_normalised_again_to_itself(text: str) -> None:
    made = normalised_address(text)
    assert made == "" or normalised_address(made) == made
    assert len(made) <= 254
    assert made == "" or made.isprintable()


@given(st.text(max_size=50))
def test_own_path_begins_with_one_slash(text: str) -> None:
    made = own_path(text)
    assert made == "" or (made[0] == "/" and made[1:2] not in ("/", "\\"))
    assert own_path(f"//{text}") == own_path(f"/\\{text}") == ""


def test_with_next_escapes_the_path() -> None:
    assert with_next("/sign-in", "/pens?a=1&b=2#c") == "/sign-in?next=/pens%3Fa%3D1%26b%3D2%23c"
    assert with_next("/sign-in", "") == "/sign-in"


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140",
         ("Edge", "Windows")),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit Chrome/140 Safari", ("Chrome", "Android")),
        ("Mozilla/5.0 (iPad; CPU OS 19_0) AppleWebKit CriOS/140 Safari", ("Chrome", "iPad")),
        ("curl/8.5.0", ("curl", "")),
        ("Mozilla/5.0", ("", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_device_is_named_by_browser_and_system(agent: str, expected: tuple[str, str]) -> None:
    assert device_name(agent) == expected
