"""Captures the exceptions of an application while it handles the requests of a test."""

from __future__ import annotations

import logging

from starmodel.testing.browser.asgi import Reply
from starmodel.testing.errors import ServerFailedError


class ServerErrors(logging.Handler):
    """A context manager that records the exceptions which the application logs."""

    def __init__(self, is_raising: bool) -> None:
        super().__init__(logging.ERROR)
        self._is_raising = is_raising
        self._logged: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._logged.append(record.exc_info[1])

    def __enter__(self) -> ServerErrors:
        logging.getLogger("starmodel").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("starmodel").removeHandler(self)

    def check(self, reply: Reply) -> None:
        """Raises: ServerFailedError, for a response with status 500 or above."""
        if self._is_raising and reply.status >= 500:
            cause = self._logged[-1] if self._logged else None
            reason = f": {type(cause).__name__}: {cause}" if cause is not None else ""
            raise ServerFailedError(
                f"{reply.method} {reply.url} failed with status {reply.status}{reason}. "
                "To test the response itself, use Visitor(app, raise_errors=False)."
            ) from cause
