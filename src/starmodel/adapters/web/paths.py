"""The internal paths that StarModel serves below the mount path."""

from __future__ import annotations

INTERNAL = "/_starmodel/"
STREAM_PATH = "/_starmodel/stream"
SLOTS_PATH = "/_starmodel/slots"
LANGUAGE_PATH = "/_starmodel/language"
TITLES_PATH = "/_starmodel/titles"
CANCEL_PATH = "/_starmodel/cancel"
DOWNLOADS_PATH = "/_starmodel/downloads"
HEALTH_PATH = "/_starmodel/health"
