"""What really failed in the application while it answered a visitor."""

from __future__ import annotations

import logging

from starmodel.testing.browser.asgi import Reply
from starmodel.testing.problems import ServerFailedError


class FailuresOf(logging.Handler):
    """Hears what the application logs while it answers, to tell a test what really failed."""

    def __init__(self, wanted: bool) -> None:
        super().__init__(logging.ERROR)
        self._wanted = wanted
        self._heard: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._heard.append(record.exc_info[1])

    def __enter__(self) -> FailuresOf:
        logging.getLogger("starmodel").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("starmodel").removeHandler(self)

    def check(self, reply: Reply) -> None:
        """Raises: ServerFailedError, for an answer of 500 and above."""
        if self._wanted and reply.status >= 500:
            cause = self._heard[-1] if self._heard else None
            told = f": {type(cause).__name__}: {cause}" if cause is not None else ""
            raise ServerFailedError(
                f"{reply.method} {reply.url} failed with status {reply.status}{told}. "
                "To test the answer itself, use Visitor(app, raise_errors=False)."
            ) from cause
