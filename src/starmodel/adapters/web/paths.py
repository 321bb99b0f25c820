"""The internal paths that StarModel serves below the mount path."""

from __future__ import annotations

INTERNAL = "/_starmodel/"
STREAM_PATH = "/_starmodel/stream"
STATES_PATH = "/_starmodel/states"
SLOTS_PATH = "/_starmodel/slots"
HEALTH_PATH = "/_starmodel/health"
STATE_ROUTES = frozenset({(STREAM_PATH, "GET"), (STATES_PATH, "POST"), (SLOTS_PATH, "GET")})
"""The paths that serve visitor state, with their methods; guards may reject their requests."""
