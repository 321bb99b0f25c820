"""argon2id with the parameters of OWASP, and bcrypt for imported hashes; both block."""

from __future__ import annotations

import base64
import logging
import re
import secrets
from functools import cache
from typing import TYPE_CHECKING

from starmodel.core.errors import ConfigurationError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

log = logging.getLogger("starmodel.auth")
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
SALT_BYTES, HASH_BYTES = 16, 32
# Bounds on imported hashes: a parameter of a stored hash decides how much work it takes.
MAX_MEMORY_KIB, MAX_PASSES, MAX_LANES, MAX_BCRYPT_COST = 256 * 1024, 16, 16, 14
MAX_HASH_CHARS = 512
BCRYPT_BYTES = 72
_BCRYPT = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}")


def hashed(text: str) -> str:
    """The argon2id hash of a normalised password, with a new salt."""
    return _argon2().hash(text)


def verified(stored: str | None, text: str, original: str) -> tuple[bool, bool]:
    """Whether the password has this hash, and whether the hash is weaker than a new one.

    Shapes: text is the password in its normal form; original is it as typed, which other systems
    have hashed with bcrypt.
    """
    if stored is None:
        _argon2_verified(_no_hash(), text)
        return False, False
    bcrypt = _BCRYPT.fullmatch(stored) if len(stored) <= MAX_HASH_CHARS else None
    if bcrypt is not None and int(bcrypt[1]) <= MAX_BCRYPT_COST:
        return _bcrypt_verified(stored, original), True
    is_weaker = _is_weaker(stored) if len(stored) <= MAX_HASH_CHARS else None
    if is_weaker is None:
        log.error("A stored password hash is of an unknown kind; nobody can sign in with it.")
        _argon2_verified(_no_hash(), text)
        return False, False
    return _argon2_verified(stored, text), is_weaker


@cache
def _argon2() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(
        time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES,
        hash_len=HASH_BYTES, salt_len=SALT_BYTES,
    )  # fmt: skip


@cache
def _no_hash() -> str:
    """A hash with our parameters that no known password has; made without the work of one."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (SALT_BYTES, HASH_BYTES)
    )
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


def _argon2_verified(stored: str, text: str) -> bool:
    from argon2.exceptions import VerificationError

    try:
        return _argon2().verify(stored, text)
    except VerificationError:
        return False


def _is_weaker(stored: str) -> bool | None:
    """Whether an argon2 hash has lower parameters than ours; None for one out of bounds."""
    from argon2 import Type, extract_parameters
    from argon2.exceptions import InvalidHashError

    try:
        found = extract_parameters(stored)
    except (InvalidHashError, ValueError):
        return None
    costs = found.memory_cost, found.time_cost, found.parallelism
    if any(
        c > most for c, most in zip(costs, (MAX_MEMORY_KIB, MAX_PASSES, MAX_LANES), strict=True)
    ):
        return None
    ours = MEMORY_KIB, PASSES, LANES
    return found.type is not Type.ID or any(c < o for c, o in zip(costs, ours, strict=True))


def _bcrypt_verified(stored: str, text: str) -> bool:
    try:
        import bcrypt
    except ImportError as error:
        raise ConfigurationError(
            "A stored password hash is one of bcrypt, whose library is missing. "
            "Install it: pip install 'starmodel[bcrypt]'."
        ) from error
    # bcrypt has always ignored what follows; its library refuses it since version 5.
    return bcrypt.checkpw(text.encode()[:BCRYPT_BYTES], stored.encode())
