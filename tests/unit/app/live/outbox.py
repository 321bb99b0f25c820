"""Subscriptions whose patches are bytes, sent as they are."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.transports.http import HttpTransport
from starmodel.app.live.frames import View
from starmodel.app.live.subscription import Subscription

BYTES = HttpTransport(b"text/plain", b"".join, b"!")


def subscription(topics: dict[str, tuple[View, ...]], **options: Any) -> Subscription:
    """A subscription with this transport."""
    return Subscription(topics, BYTES, **options)


def taken(subscription: Subscription) -> bytes:
    """All pending chunks as one text."""
    return b"".join(subscription.take())
