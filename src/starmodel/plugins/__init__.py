"""Plugins: features that are packages of their own, and the host that loads them."""

from __future__ import annotations

from starmodel.app.presentation.slots import Place, SlotContent
from starmodel.plugins.contributions import HealthCheck, NavEntry, Route
from starmodel.plugins.plugin import Plugin

__all__ = ["HealthCheck", "NavEntry", "Place", "Plugin", "Route", "SlotContent"]
