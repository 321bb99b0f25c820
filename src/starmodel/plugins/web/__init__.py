"""What the endpoints of plugins work with: the HTTP exchange, and the application's services."""

from __future__ import annotations

from starmodel.adapters.web.errors.problems import Problem
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.plugins.web.services import PluginServices

__all__ = ["Exchange", "PluginServices", "Problem"]
