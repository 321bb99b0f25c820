"""Errors of the test client; all are assertion errors, so that a test fails instead of breaking."""

from __future__ import annotations

from collections.abc import Iterable

MAX_LISTED = 12


class NotOnPageError(AssertionError):
    """No element of the page matches, or several do."""


class UnreadableExpressionError(AssertionError):
    """An expression uses JavaScript that only a browser can run."""


class ServerFailedError(AssertionError):
    """The application responded with a server error; the cause is its exception."""


def not_found(what: str, where: str, candidates: Iterable[str], kind: str) -> NotOnPageError:
    """The error for an element that is missing, with the candidates.

    >>> print(not_found("the button 'Buy'", "/shop", ["Sell", "Rent"], "buttons and links"))
    /shop doesn't show the button 'Buy'. Its buttons and links: 'Sell', 'Rent'.
    """
    names = list(dict.fromkeys(candidates))
    listed = ", ".join(map(repr, names[:MAX_LISTED])) or "none"
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return NotOnPageError(f"{where} doesn't show {what}. Its {kind}: {listed}{more}.")


def ambiguous(what: str, where: str, matches: Iterable[str], remedy: str) -> NotOnPageError:
    """The error for a target that matches several elements."""
    names = list(matches)
    listed = "; ".join(names[:MAX_LISTED])
    return NotOnPageError(f"On {where} {what} means {len(names)} elements: {listed}. {remedy}")
