"""The HTML of a message, as a document that can do nothing but open links in new tabs."""

from __future__ import annotations

CSP = "; ".join(
    [
        # Without `allow-same-origin`, the document has an opaque origin.
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ]
)
FRAME_HEADERS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_NEW_TABS = '<base target="_blank">'


def framed(html: str) -> bytes:
    """The document of a message, whose links open in new tabs."""
    start, head, rest = html.partition("<head>")
    return (f"{start}{head}{_NEW_TABS}{rest}" if head else f"{_NEW_TABS}{html}").encode()
