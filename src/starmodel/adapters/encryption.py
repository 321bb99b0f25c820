"""Authenticated encryption with one derived key per purpose."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import cached_property
from typing import Any

NONCE_BYTES = 12


class AesCipher:
    """AES-256-GCM with a random nonce for each message.

    Shapes: secrets are the application's secret keys, newest first. The
    newest key encrypts; data encrypted with older keys still decrypts. Each
    purpose derives separate keys from the secrets.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        label = f"starmodel:encrypt:{purpose}".encode()
        self._derived = [hmac.digest(each.encode(), label, hashlib.sha256) for each in secrets]

    @cached_property
    def _keys(self) -> Sequence[Any]:
        # Imported at the first use: most processes never need it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return [AESGCM(key) for key in self._derived]

    def encrypt(self, data: bytes, context: bytes) -> bytes:
        """Encrypt data, authenticated with `context`. Shapes: the nonce, then the ciphertext."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + bytes(self._keys[0].encrypt(nonce, data, context))

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """Decrypt and authenticate the output of `encrypt`. Raises: ValueError, if either fails."""
        from cryptography.exceptions import InvalidTag

        nonce, sealed = data[:NONCE_BYTES], data[NONCE_BYTES:]
        for key in self._keys:
            try:
                return bytes(key.decrypt(nonce, sealed, context))
            except InvalidTag:
                continue
        raise ValueError("Not encrypted by this application for this purpose.")
