"""Escaping of untrusted text for one line of a log."""

from __future__ import annotations

import logging

MAX_CHARS = 1000


def log_text(text: object) -> str:
    r"""The text with line breaks, control and direction characters escaped, and shortened.

    >>> log_text("a\nERROR b\u202e")
    'a\\nERROR b\\u202e'
    """
    line = str(text)
    if len(line) > MAX_CHARS:
        line = f"{line[:MAX_CHARS]}…"
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def log_link(line: str) -> None:
    """Log a line for the person who starts the server, to the first logger that handles INFO.

    StarModel's, else uvicorn's.
    """
    ours = logging.getLogger("starmodel")
    for logger in (ours, logging.getLogger("uvicorn.error")):
        if logger.hasHandlers() and logger.isEnabledFor(logging.INFO):
            logger.info(line)
            return
    ours.warning(line)  # Python prints warnings of unconfigured loggers
