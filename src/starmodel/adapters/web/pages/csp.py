"""The Content-Security-Policy of generated pages.

Pages of user routes get no policy: they may have inline scripts.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable


def page_csp(
    root_path: str = "", *, scripts: Iterable[str] = (), hosts: Iterable[str] = ()
) -> bytes:
    """The header's value: the page's origin, and these inline scripts by their hashes.

    Hashes stay valid in cached and patched content, a nonce would not.

    Shapes: hosts are further origins of scripts and style sheets.
    """
    others = [f" {host}" for host in hosts]
    # Datastar compiles attribute expressions, which requires 'unsafe-eval'.
    allowed = ["'self'", "'unsafe-eval'", *dict.fromkeys(map(script_hash, scripts))]
    parts = [
        "default-src 'self'",
        f"script-src {' '.join(allowed)}{''.join(others)}",
        f"style-src 'self' 'unsafe-inline'{''.join(others)}",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
    return "; ".join(parts).encode()


def script_hash(text: str) -> str:
    """The CSP source of an inline script: the hash of all text between its tags.

    >>> script_hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
