"""The sentences that the browser's modules display, as data in the page."""

from __future__ import annotations

from pydantic_core import to_json

from starmodel.app.application import Application
from starmodel.core.translations import current_language

KEYS = (
    "browser.lost", "browser.refused", "browser.no_cookies", "browser.ended",
    "browser.other_session", "browser.old", "browser.reload", "browser.delayed", "browser.failed",
    "browser.failed_now", "browser.full", "browser.dismiss", "browser.close", "browser.cancel",
    "browser.show", "browser.fill_in", "browser.number", "browser.date", "browser.datetime",
    "browser.time", "browser.email", "browser.url", "browser.file", "browser.file_size",
    "browser.files_size", "browser.bytes",
)  # fmt: skip
_PARAMETERS = {name: f"{{{name}}}" for name in ("why", "size", "n")}
"""Parameters are left in their braces for the browser."""


class BrowserTexts:
    """The sentences in each language of an application; see `frontend/src/base/texts.js`."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._scripts: dict[str | None, str] = {}

    @property
    def script(self) -> str:
        """The block of data with the sentences of the current language."""
        language = current_language()
        code = None if language is None else language.code
        found = self._scripts.get(code)
        if found is None:
            texts = self._application.own_texts
            named = {key.partition(".")[2]: texts.text(key, **_PARAMETERS) for key in KEYS}
            data = to_json(named).decode().replace("<", "\\u003c")
            found = f'<script type="application/json" id="starmodel-texts">{data}</script>'
            self._scripts[code] = found
        return found
