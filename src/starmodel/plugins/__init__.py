"""Plugins: features that are packages of their own, and the host that loads them."""

from __future__ import annotations

from starmodel.app.health import HealthCheck
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.slots import Place, SlotContent
from starmodel.plugins.contributions.assets import Asset, Page
from starmodel.plugins.contributions.middleware import Middleware, RequestHook
from starmodel.plugins.contributions.routes import EventRoute, ResourceRoute, Route
from starmodel.plugins.plugin import Plugin

__all__ = [
    "Asset",
    "EventRoute",
    "HealthCheck",
    "Middleware",
    "NavEntry",
    "Page",
    "Place",
    "Plugin",
    "RequestHook",
    "ResourceRoute",
    "Route",
    "SlotContent",
]
