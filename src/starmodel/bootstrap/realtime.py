"""The frontend of live pages and its transport, from the argument `realtime` of `create_app`."""

from __future__ import annotations

from collections.abc import Callable

from starmodel.adapters.frontends.datastar.frontend import DatastarFrontend
from starmodel.adapters.transports.sse import SSE
from starmodel.app.ports.transport import Transport
from starmodel.app.presentation.frontend import Frontend
from starmodel.config import Settings
from starmodel.core.errors import ConfigurationError

RealtimeOption = Transport | Callable[..., Frontend]


def page_protocol(
    realtime: RealtimeOption | None, settings: Settings
) -> tuple[Callable[..., Frontend], Transport]:
    """The class of the frontend, and the transport of pages and replies.

    Shapes: realtime is a transport, or a class or function that makes a frontend; None for
    the setting `realtime`.

    Raises: ConfigurationError, for a setting whose transport is not available.
    """
    if realtime is None and settings.realtime != "sse":
        raise ConfigurationError(
            f"realtime is {settings.realtime!r}, which is not available yet; use 'sse', "
            "or pass create_app(realtime=…) with a transport of your own."
        )
    if realtime is None:
        return DatastarFrontend, SSE
    if callable(realtime):
        return realtime, SSE
    return DatastarFrontend, realtime
