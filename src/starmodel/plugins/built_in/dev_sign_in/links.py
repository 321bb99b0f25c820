"""The link of the development sign-in, whose token is derived from the secret key."""

from __future__ import annotations

from starmodel.core.values.derived_keys import derived_key
from starmodel.core.values.log_text import log_link

PURPOSE = "development sign-in"
TOKEN_DIGITS = 32


def token_of(key: bytes) -> str:
    """The token of the link. Shapes: key is the one derived for `PURPOSE`."""
    return key.hex()[:TOKEN_DIGITS]


def sign_in_token(secret: str) -> str:
    """The token of the link of an application with this secret key."""
    return token_of(derived_key(secret, PURPOSE))


def log_sign_in_link(address: str, root_path: str, token: str) -> None:
    """Log the link for the person who starts the server."""
    log_link(f"Open {address}{root_path}/?token={token} to sign in as the developer.")
