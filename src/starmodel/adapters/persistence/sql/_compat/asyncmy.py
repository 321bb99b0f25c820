"""Undocumented names of asyncmy."""

from __future__ import annotations

from typing import Any


def is_connected(connection: Any) -> bool:
    """False once either side has closed the connection.

    `connected` changes only at the next use; the stream detects immediately
    that the server has closed the connection.
    """
    return bool(connection.connected) and not connection._stream_broken
