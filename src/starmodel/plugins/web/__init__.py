"""The services of an application for its plugins, and what serves their routes."""

from __future__ import annotations

from starmodel.adapters.web.errors.problems import Problem
from starmodel.plugins.web.services import PluginServices

__all__ = ["PluginServices", "Problem"]
