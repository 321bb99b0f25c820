"""Plugins: features that are packages of their own, and the host that loads them."""

from __future__ import annotations

from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.slots import Place, SlotContent
from starmodel.plugins.contributions import Asset, Page, Route
from starmodel.plugins.plugin import Plugin

__all__ = ["Asset", "NavEntry", "Page", "Place", "Plugin", "Route", "SlotContent"]
