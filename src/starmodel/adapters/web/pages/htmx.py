"""A warning about htmx attributes on pages that don't load htmx."""

from __future__ import annotations

import logging
import re

from starmodel.core.values.log_text import log_text

log = logging.getLogger("starmodel.web")
MAX_WARNED = 100
_ATTRIBUTE = re.compile(rb"<[a-zA-Z][^<>]*?\s(hx-(?:get|post|put|patch|delete))=")
_SCRIPT = re.compile(rb"<script[^>]*htmx|htmx\.(?:min\.)?js|window\.htmx", re.IGNORECASE)


class HtmxCheck:
    """Scans full pages of user routes for htmx attributes, in development only."""

    def __init__(self) -> None:
        self._warned: set[tuple[str, bytes]] = set()

    def check(self, path: str, body: bytes) -> None:
        """Log one warning for each page that has an htmx attribute and no htmx."""
        if b" hx-" not in body or b"<head" not in body or _SCRIPT.search(body):
            return
        found = _ATTRIBUTE.search(body)
        if found is None or (path, found[1]) in self._warned or len(self._warned) >= MAX_WARNED:
            return
        self._warned.add((path, found[1]))
        name, method = found[1].decode(), found[1].decode()[3:]
        log.warning(
            "%s has %s, but the page does not load htmx, so nothing happens there. Write "
            "data_on_click=\"@%s('/part')\" or an event's action, such as data_on_click="
            "Counter.increment(1); or load htmx yourself, in the head of the page.",
            log_text(path), name, method,
        )  # fmt: skip
