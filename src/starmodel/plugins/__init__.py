"""Plugins: features that are packages of their own, and the host that loads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.app.health import HealthCheck
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.resource import Resource
from starmodel.app.presentation.slots import Place, SlotContent
from starmodel.plugins.contributions.assets import Asset, Page
from starmodel.plugins.contributions.middleware import Middleware, RequestHook
from starmodel.plugins.contributions.routes import EventRoute, ResourceRoute, Route
from starmodel.plugins.plugin import Plugin

if TYPE_CHECKING:
    from starmodel.adapters.web.http.exchange import Exchange

__all__ = [
    "Asset",
    "EventRoute",
    "Exchange",
    "HealthCheck",
    "Middleware",
    "NavEntry",
    "Page",
    "Place",
    "Plugin",
    "RequestHook",
    "Resource",
    "ResourceRoute",
    "Route",
    "SlotContent",
]


def __getattr__(name: str) -> Any:
    if name != "Exchange":  # its module is one of the web adapter, loaded for annotations only
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from starmodel.adapters.web.http.exchange import Exchange

    return Exchange
