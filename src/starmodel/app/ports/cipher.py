"""The port of authenticated encryption."""

from __future__ import annotations

from typing import Protocol


class Cipher(Protocol):
    """Authenticated encryption with one key.

    Shapes: context is authenticated, but not part of the encrypted data.
    """

    def encrypt(self, data: bytes, context: bytes) -> bytes:
        """The ciphertext. Equal data have different ciphertexts."""

    def decrypt(self, data: bytes, context: bytes) -> bytes:
        """The plaintext of data encrypted with this context. Raises: ValueError, for other data."""
